package tinyllm.cache;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import tinyllm.kernel.KvStorage;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** One sequence's keys and values from token 0 on, growing in place by steps of 256 tokens: what is known never moves. */
public final class ContiguousKvCache implements KvCache {

    /** Tokens that it grows by. */
    public static final int STEP = 256;

    private final List<KvStorage> layers;
    private final int maxTokens;
    private int length;

    /**
     * @param maxTokens the context that it may grow to; memory is taken as it fills
     * @param dtype F32 or F16, how keys and values are stored
     */
    public ContiguousKvCache(int layers, int kvHeads, int headDim, int maxTokens, DType dtype) {
        if (layers < 1 || maxTokens < 1) {
            throw new IllegalArgumentException(
                    "a cache of " + layers + " layers and " + maxTokens + " tokens holds nothing");
        }
        List<KvStorage> all = new ArrayList<>();
        for (int i = 0; i < layers; i++) {
            all.add(new KvStorage(kvHeads, headDim, STEP, dtype));
        }
        this.layers = List.copyOf(all);
        this.maxTokens = maxTokens;
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
        Room.check(tokens, length, maxTokens);
        layers.forEach(layer -> layer.reserve(length + tokens));
    }

    @Override
    public KeysValues append(int layer, KeysValues step) {
        KvStorage storage = storage(layer);
        storage.write(step.keys(), step.values(), length);
        Tensor[] all = storage.read(length + step.keys().dim(2));
        return new KeysValues(all[0], all[1]);
    }

    @Override
    public void advance(int tokens) {
        if (tokens < 0 || length + tokens > layers.getFirst().capacity()) {
            throw new IllegalArgumentException(
                    "the cache can't advance by " + tokens + " tokens that were never reserved");
        }
        length += tokens;
    }

    @Override
    public void rewind(int tokens) {
        Room.checkRewind(tokens, length);
        length -= tokens;
        layers.forEach(layer -> layer.trim(length));
    }

    @Override
    public KvStorage storage(int layer) {
        return layers.get(Objects.checkIndex(layer, layers.size()));
    }

    @Override
    public long nbytes() {
        return layers.stream().mapToLong(KvStorage::nbytes).sum();
    }

    @Override
    public void close() {
        layers.forEach(KvStorage::close);
    }
}
