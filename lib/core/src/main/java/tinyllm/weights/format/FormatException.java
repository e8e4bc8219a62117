package tinyllm.weights.format;

/** A model file that is not what it says, or not what this library reads. The message is a sentence: field, value, limit. */
public final class FormatException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public FormatException(String message) {
        super(message);
    }

    public FormatException(String message, Throwable cause) {
        super(message, cause);
    }

    /** The same complaint with the file's name in front. */
    public FormatException in(String file) {
        return new FormatException(file + ": " + getMessage(), this);
    }
}
