package tinyllm.lab.mutation;

/** What every loop of a mutant calls once a turn, so that the deadline of the check ends it. */
public final class Turn {

    private Turn() {}

    /** @throws IllegalStateException when the check's time is up */
    public static void poll() {
        if (Thread.currentThread().isInterrupted()) {
            throw new IllegalStateException("the mutant's time is up");
        }
    }
}
