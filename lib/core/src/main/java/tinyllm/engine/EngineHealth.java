package tinyllm.engine;

/**
 * How an engine is.
 *
 * @param state whether it serves
 * @param restarts how often it threw everything away and began anew
 * @param lastFailure what failed last, as a sentence; empty when nothing did
 * @param stepSeconds how long the step at hand has been taking; 0 between steps
 */
public record EngineHealth(State state, int restarts, String lastFailure, double stepSeconds) {

    /** Only {@link #SERVING} takes requests. */
    public enum State {
        SERVING,
        /** a step failed as a whole, and the model is tried until it works again */
        RESTARTING,
        /** a step does not return */
        HANGING,
        CLOSED
    }

    public boolean serves() {
        return state == State.SERVING;
    }
}
