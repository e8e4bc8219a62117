package tinyllm.engine;

/** Where a step's time goes: each mark ends a phase. */
final class PhaseClock {
    private final long[] nanos = new long[Phase.values().length];
    private long last = System.nanoTime();

    enum Phase {
        PLAN,
        MODEL,
        SAMPLE,
        STREAM
    }

    /** What passed since the last mark belongs to this phase. */
    void mark(Phase phase) {
        long now = System.nanoTime();
        nanos[phase.ordinal()] += now - last;
        last = now;
    }

    StepReport.Phases phases() {
        return new StepReport.Phases(nanos[0] / 1e9, nanos[1] / 1e9, nanos[2] / 1e9, nanos[3] / 1e9);
    }
}
