package tinyllm.weights;

/** A model could not be fetched; the message says why and what to do. Nothing wrong lies under the final name. */
public sealed class FetchException extends RuntimeException permits DiskException {
    private static final long serialVersionUID = 1L;

    public FetchException(String message) {
        super(message);
    }

    public FetchException(String message, Throwable cause) {
        super(message, cause);
    }
}
