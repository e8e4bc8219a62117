package tinyllm.engine;

/** A request that the engine does not take, with the counts that decide it. */
public final class RefusedException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** Why. */
    public enum Reason {
        /** it never fits: the prompt alone, in the context or in the queue, or with the tokens that it asks for */
        TOO_LONG,
        /** the queue is full: later it may fit */
        BUSY,
        /** the engine has failed, and is restarting */
        UNHEALTHY,
        /** the engine is closed */
        CLOSED
    }

    private final Reason reason;

    RefusedException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
