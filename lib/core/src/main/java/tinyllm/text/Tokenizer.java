package tinyllm.text;

/** CONTRACT STUB. Byte-level BPE, from tokenizer.json or from GGUF metadata. Thread-safe. */
public interface Tokenizer {
    /** A user's text: special tokens in it are encoded as plain text. */
    int[] encode(String text);
    /** Spans from the template may hold special tokens; data spans never do. */
    int[] encode(TemplateText text);
    /** Special tokens written in the text are parsed (./lab tokenize --special). */
    int[] encodeWithSpecials(String text);
    /** Special tokens as their text; broken UTF-8 becomes U+FFFD. */
    String decode(int... ids);
    /** The raw bytes of one token. */
    byte[] bytes(int id);

    boolean isSpecial(int id);
    /** Number of known ids (may be fewer than the model's embedding rows). */
    int vocabSize();
}
