package tinyllm.cache;

import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/**
 * One sequence of {@link PagedKvArrays}, a learner's for instance, as a model's cache. Each step copies all that the sequence knows out of
 * its pages, which {@link PagedKvCache} does not.
 */
public final class PagedArrayKvCache implements KvCache {
    private final PagedKvArrays arrays;
    private final int sequence;
    private final int layers;
    private final int kvHeads;
    private final int headDim;
    private final int maxTokens;
    private int length;
    private boolean closed;

    /**
     * @param arrays begun with these layers and rows of kvHeads · headDim numbers
     * @param sequence a number that no other cache over these arrays has
     */
    public PagedArrayKvCache(PagedKvArrays arrays, int sequence, int layers, int kvHeads, int headDim, int maxTokens) {
        if (layers < 1 || kvHeads < 1 || headDim < 1 || maxTokens < 1) {
            throw new IllegalArgumentException("a cache of " + layers + " layers, " + kvHeads + " KV heads of "
                    + headDim + " components and " + maxTokens + " tokens holds nothing");
        }
        this.arrays = arrays;
        this.sequence = sequence;
        this.layers = layers;
        this.kvHeads = kvHeads;
        this.headDim = headDim;
        this.maxTokens = maxTokens;
    }

    /** Its block table. */
    public int[] pages() {
        return arrays.table(sequence);
    }

    @Override
    public int length() {
        return length;
    }

    @Override
    public int maxTokens() {
        return maxTokens;
    }

    @Override
    public void reserve(int tokens) {
        Room.open(closed);
        Room.check(tokens, length, maxTokens);
        arrays.reserve(sequence, length, tokens);
    }

    @Override
    public KeysValues append(int layer, KeysValues step) {
        int known = length + step.keys().dim(2);
        arrays.append(sequence, layer, length, rows(step.keys()), rows(step.values()));
        return new KeysValues(
                tensor(arrays.keys(sequence, layer, known), "keys", layer, known),
                tensor(arrays.values(sequence, layer, known), "values", layer, known));
    }

    /** {@code [1, H_kv, L, D]} to {@code [L, H_kv · D]}: token after token. */
    private static float[] rows(Tensor heads) {
        return heads.transpose(0, 2, 1, 3).astype(DType.F32).toFloats();
    }

    /** {@code [S, H_kv · D]} to {@code [1, H_kv, S, D]}. */
    private Tensor tensor(float[] read, String what, int layer, int tokens) {
        if (read.length != tokens * kvHeads * headDim) {
            throw new IllegalStateException("the " + what + " of layer " + layer + " came as " + read.length
                    + " numbers, and " + tokens + " tokens have " + tokens * kvHeads * headDim);
        }
        return Tensor.of(read, 1, tokens, kvHeads, headDim).transpose(0, 2, 1, 3);
    }

    @Override
    public void advance(int tokens) {
        Room.checkAdvance(tokens, length, maxTokens);
        length += tokens;
    }

    @Override
    public void rewind(int tokens) {
        Room.checkRewind(tokens, length);
        length -= tokens;
        arrays.keep(sequence, length);
    }

    /** Of the rows that are filled; what is left of the last page is not counted. */
    @Override
    public long nbytes() {
        return 2L * layers * length * kvHeads * headDim * Float.BYTES;
    }

    /** Gives the pages back. Closing again does nothing. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            length = 0;
            arrays.keep(sequence, 0);
        }
    }
}
