package tinyllm.cache;

import java.util.Arrays;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/**
 * Lets plain arrays, a learner's for instance, hold what a model remembers. Each step copies all that a layer knows into tensors, which
 * {@link ContiguousKvCache} does not.
 */
public final class ArrayKvCache implements KvCache {
    private final KvArrays arrays;
    private final int layers;
    private final int kvHeads;
    private final int headDim;
    private final int maxTokens;
    private boolean closed;

    /** @param arrays begun anew, and this cache's own until it is closed */
    public ArrayKvCache(KvArrays arrays, int layers, int kvHeads, int headDim, int maxTokens) {
        if (layers < 1 || kvHeads < 1 || headDim < 1 || maxTokens < 1) {
            throw new IllegalArgumentException("a cache of " + layers + " layers, " + kvHeads + " KV heads of "
                    + headDim + " components and " + maxTokens + " tokens holds nothing");
        }
        this.arrays = arrays;
        this.layers = layers;
        this.kvHeads = kvHeads;
        this.headDim = headDim;
        this.maxTokens = maxTokens;
        arrays.begin(layers, kvHeads * headDim);
    }

    @Override
    public int length() {
        return arrays.length();
    }

    @Override
    public int maxTokens() {
        return maxTokens;
    }

    @Override
    public void reserve(int tokens) {
        Room.open(closed);
        arrays.rewind(0);
        Room.check(tokens, length(), maxTokens);
    }

    @Override
    public KeysValues append(int layer, KeysValues step) {
        int known = arrays.length() + step.keys().dim(2);
        arrays.append(layer, rows(step.keys()), rows(step.values()));
        return new KeysValues(
                tensor(arrays.keys(layer), "keys", layer, known), tensor(arrays.values(layer), "values", layer, known));
    }

    /** {@code [1, H_kv, L, D]} to {@code [L, H_kv · D]}: token after token. */
    private static float[] rows(Tensor heads) {
        return heads.transpose(0, 2, 1, 3).astype(DType.F32).toFloats();
    }

    /** {@code [S, H_kv · D]} to {@code [1, H_kv, S, D]}. */
    private Tensor tensor(float[] memory, String what, int layer, int tokens) {
        int needed = tokens * kvHeads * headDim;
        if (memory.length < needed) {
            throw new IllegalStateException("the " + what + " of layer " + layer + " lie in an array of "
                    + memory.length + " numbers, and " + tokens + " tokens have " + needed);
        }
        return Tensor.of(Arrays.copyOf(memory, needed), 1, tokens, kvHeads, headDim)
                .transpose(0, 2, 1, 3);
    }

    /** The arrays count for themselves. */
    @Override
    public void advance(int tokens) {
        if (tokens < 0 || arrays.length() > maxTokens) {
            throw new IllegalArgumentException("the cache can't advance by " + tokens + " tokens");
        }
    }

    @Override
    public void rewind(int tokens) {
        arrays.rewind(tokens);
    }

    /** Of the arrays as long as they are, whatever of them is used. */
    @Override
    public long nbytes() {
        long numbers = 0;
        for (int layer = 0; layer < layers; layer++) {
            numbers += arrays.keys(layer).length + (long) arrays.values(layer).length;
        }
        return closed ? 0 : numbers * Float.BYTES;
    }

    @Override
    public void close() {
        closed = true;
    }
}
