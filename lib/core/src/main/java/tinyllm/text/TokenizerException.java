package tinyllm.text;

/** A tokenizer's file says something that is wrong or that this library does not build; the message names the field. */
public final class TokenizerException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    public TokenizerException(String message) {
        super(message);
    }

    public TokenizerException(String message, Throwable cause) {
        super(message, cause);
    }
}
