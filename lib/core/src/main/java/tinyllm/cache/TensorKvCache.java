package tinyllm.cache;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;

/**
 * One sequence's keys and values as plain tensors: each step makes new ones, old and new joined. The obvious cache, on any device; it
 * copies all that is known for every token, which {@link ContiguousKvCache} does not.
 */
public final class TensorKvCache implements KvCache {
    private final List<@Nullable KeysValues> layers = new ArrayList<>();
    private final int maxTokens;
    private int length;
    private boolean closed;

    public TensorKvCache(int layers, int maxTokens) {
        if (layers < 1 || maxTokens < 1) {
            throw new IllegalArgumentException(
                    "a cache of " + layers + " layers and " + maxTokens + " tokens holds nothing");
        }
        for (int i = 0; i < layers; i++) {
            this.layers.add(null);
        }
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
        Room.open(closed);
        Room.check(tokens, length, maxTokens);
    }

    @Override
    public KeysValues append(int layer, KeysValues step) {
        KeysValues past = layers.get(Objects.checkIndex(layer, layers.size()));
        KeysValues all = past == null || length == 0
                ? step
                : new KeysValues(joined(past.keys(), step.keys()), joined(past.values(), step.values()));
        Scope.escape(all.keys().eval());
        Scope.escape(all.values().eval());
        layers.set(layer, all);
        return all;
    }

    private Tensor joined(Tensor past, Tensor step) {
        return Tensor.concat(2, past.slice(2, 0, length), step);
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
    }

    @Override
    public long nbytes() {
        return layers.stream()
                .mapToLong(
                        kv -> kv == null ? 0 : kv.keys().nbytes() + kv.values().nbytes())
                .sum();
    }

    @Override
    public void close() {
        closed = true;
        layers.replaceAll(kv -> null);
    }
}
