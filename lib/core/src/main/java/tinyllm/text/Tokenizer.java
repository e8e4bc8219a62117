package tinyllm.text;

/**
 * Text becomes token ids and back. Every implementation is immutable and may be shared between threads.
 *
 * <p>A <em>special</em> token (a "control" token in GGUF, {@code "special": true} in tokenizer.json) steers the model:
 * {@code <|im_start|>}, {@code <|im_end|>}, {@code <|endoftext|>}. What a user writes is never encoded as one. An added token
 * that is not special, such as Qwen's {@code <tool_call>}, is an ordinary word of the vocabulary and is found in any text, as
 * llama.cpp and Hugging Face's tokenizers find it.
 */
public interface Tokenizer {
    /**
     * A user's text: special tokens written in it are encoded as plain text. No BOS is added unless the model's file asks for
     * one.
     *
     * @throws IllegalArgumentException if the text holds half of a surrogate pair, which no UTF-8 can carry
     */
    int[] encode(String text);

    /**
     * A rendered conversation. The spans are read as one text, so that a word which crosses a border between spans is cut as
     * in the whole prompt; a special token counts only if the template wrote every character of it. Nothing is added in front
     * or behind: the template writes what the model wants.
     *
     * @throws IllegalArgumentException if the text holds half of a surrogate pair
     */
    int[] encode(TemplateText text);

    /** As {@link #encode(String)}, and special tokens written in the text are parsed ({@code ./lab tokenize --special}). */
    int[] encodeWithSpecials(String text);

    /**
     * The text of these tokens, special tokens as they are written; bytes that are not UTF-8 become U+FFFD.
     *
     * @throws IllegalArgumentException for an id outside 0 … {@link #vocabSize()} − 1 or one that the vocabulary leaves out
     */
    String decode(int... ids);

    /**
     * The raw bytes of one token, a copy; a token may hold a part of a UTF-8 character.
     *
     * @throws IllegalArgumentException for an id outside 0 … {@link #vocabSize()} − 1 or one that the vocabulary leaves out
     */
    byte[] bytes(int id);

    /** Whether the id is of a token; a vocabulary may have holes, and its table more rows than tokens. */
    default boolean has(int id) {
        if (id < 0 || id >= vocabSize()) {
            return false;
        }
        try {
            bytes(id);
            return true;
        } catch (IllegalArgumentException hole) {
            return false;
        }
    }

    /** Whether the id steers the model and writes no text; false for ids that are unknown. */
    boolean isSpecial(int id);

    /**
     * One more than the largest known id. It may be less than the rows of the model's embedding, which are padded
     * (Qwen2.5-0.5B: 151,665 ids, 151,936 rows); a sampler masks the rows beyond.
     */
    int vocabSize();
}
