package tinyllm.text;

/** CONTRACT STUB. Incremental detokenizer that never emits half a UTF-8 character. One per request. */
public final class TextStream {
    public TextStream(Tokenizer tokenizer) {}
    /** The text that became complete with this token, possibly empty. */
    public String push(int id) {
        throw new UnsupportedOperationException("stub");
    }
    /** What is left at the end (broken bytes become U+FFFD). */
    public String finish() {
        throw new UnsupportedOperationException("stub");
    }
}
