package tinyllm.cache;

/**
 * The keys and values of one sequence in every layer, on plain arrays (chapter 2.1). A token's row has W = H_kv · D numbers, and the
 * rows lie one behind the other. One object serves one sequence at a time, for one thread.
 */
public interface KvArrays {

    /** Begins an empty cache; whatever was there is forgotten. Called before all else. */
    void begin(int layers, int width);

    /**
     * Appends the L tokens of a step in one layer, behind those that it holds. The arrays are the caller's, who goes on using them.
     *
     * @param keys {@code [L, W]}, row-major
     * @param values {@code [L, W]}, row-major
     */
    void append(int layer, float[] keys, float[] values);

    /** Tokens that every layer holds: while a step is half-way through the layers, those before it. */
    int length();

    /**
     * Forgets the last tokens in every layer, and what a step that broke off has left in some of them.
     *
     * @throws IllegalArgumentException when tokens is negative or more than {@link #length()}
     */
    void rewind(int tokens);

    /** The memory of a layer's keys: the row of token t begins at t · W. It may be longer than what it holds. */
    float[] keys(int layer);

    /** The same for the values. */
    float[] values(int layer);
}
