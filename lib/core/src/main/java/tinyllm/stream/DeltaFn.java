package tinyllm.stream;

/** From the bytes of tokens to text that may be sent (chapter 3.8). One object for one answer after another, for one thread. */
public interface DeltaFn {

    /**
     * The characters that are complete with this token. The bytes of an unfinished one wait for the next token.
     *
     * @param token the token's bytes, of UTF-8; must not be changed
     * @return possibly empty
     */
    String push(byte[] token);

    /** What waits at the end of the answer: U+FFFD where a character was begun, else nothing. What is pushed then begins anew. */
    String finish();

    /** A text as JSON writes it, with its quotation marks. */
    String quoted(String text);
}
