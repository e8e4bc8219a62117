package tinyllm.cache;

import org.jspecify.annotations.Nullable;
import tinyllm.kernel.KvStorage;
import tinyllm.tensor.Tensor;

/**
 * The keys and values of one sequence's past, in every layer. A step appends its tokens in each layer, and then advances: a step that
 * fails half-way leaves the length as it was, and the next one writes over what it left. Owned by one sequence, for one thread at a time.
 */
public interface KvCache extends AutoCloseable {

    /** Tokens that are known: those of all steps that have advanced, less those rewound. */
    int length();

    /** Keys that a step's queries see before its own: all that are known, unless the cache forgets some on purpose. */
    default int kept() {
        return length();
    }

    /** Most tokens that it may ever hold. */
    int maxTokens();

    /**
     * Makes room for tokens more in every layer; a step calls it first.
     *
     * @throws IllegalArgumentException when length + tokens is more than {@link #maxTokens()}
     * @throws tinyllm.tensor.TensorMemoryException when the memory is not there
     */
    void reserve(int tokens);

    /**
     * Appends a step's keys and values in one layer.
     *
     * @param step {@code [1, H_kv, L, D]} each, rotated
     * @return all that layer keeps now, {@code [1, H_kv, kept + L, D]} each
     */
    KeysValues append(int layer, KeysValues step);

    /** Whether it wants to be told who looked where, by {@link #attended}. */
    default boolean wantsWeights() {
        return false;
    }

    /**
     * What the queries of a step looked at, after {@link #append}.
     *
     * @param weights {@code [1, H_q, L, kept + L]}, each row sums to 1
     */
    default void attended(int layer, Tensor weights) {}

    /** Ends a step: its tokens are known from now on. */
    void advance(int tokens);

    /**
     * Forgets the last tokens.
     *
     * @throws IllegalArgumentException when tokens is negative or more than {@link #length()}
     */
    void rewind(int tokens);

    /** The memory of a layer, for kernels that append and attend in one pass; null when this cache has another form. */
    default @Nullable KvStorage storage(int layer) {
        return null;
    }

    /** Bytes held. */
    long nbytes();

    /** Frees the memory. Closing again does nothing. */
    @Override
    void close();
}
