package tinyllm.cache;

/**
 * The keys and values of many sequences in pages of one memory, on plain arrays (chapter 3.1). A token's row has W = H_kv · D numbers,
 * and lies in the same row of every layer's memory. Sequences are numbered by the caller, who also counts their tokens. For one thread.
 */
public interface PagedKvArrays {

    /** Begins with pages that are all free; whatever was there is forgotten. Called before all else. */
    void begin(int pages, int pageTokens, int layers, int width);

    /**
     * Takes the pages that a sequence lacks for so many tokens more, or none. A sequence that is not known has no page yet.
     *
     * @param length tokens that it has
     * @throws PagesException when too few are free; nothing has changed then
     */
    void reserve(int sequence, int length, int tokens);

    /**
     * Writes the tokens of a step in one layer, behind the length that a sequence has; the pages are reserved.
     *
     * @param keys {@code [L, W]}, row-major
     * @param values {@code [L, W]}, row-major
     */
    void append(int sequence, int layer, int length, float[] keys, float[] values);

    /** The keys of a sequence's first tokens, {@code [tokens, W]} in order; a copy. */
    float[] keys(int sequence, int layer, int tokens);

    /** The same for the values. */
    float[] values(int sequence, int layer, int tokens);

    /** Keeps the pages of a sequence's first tokens and gives back the others; with 0 tokens it has none. */
    void keep(int sequence, int tokens);

    /** The block table of a sequence: its pages in order. A copy. */
    int[] table(int sequence);

    /** Pages that nobody has. */
    int free();
}
