package tinyllm.sampling;

/** The model's logits hold a NaN or no finite value, so that no token can be chosen. */
public final class LogitsException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public LogitsException(String message) {
        super(message);
    }
}
