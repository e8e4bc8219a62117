package tinyllm.engine;

/** A scheduler's plan that can't be carried out, and why. */
public final class PlanException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public PlanException(String message) {
        super(message);
    }
}
