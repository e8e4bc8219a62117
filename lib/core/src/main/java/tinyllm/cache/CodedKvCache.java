package tinyllm.cache;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tinyllm.tensor.Scope;

/**
 * A cache whose keys and values are codes, made by a codec that may be a learner's (chapter 4.1). Every step unpacks all that a layer
 * holds, which the pages' kernels do not: it shows what is lost and what is saved, not how fast that can be.
 */
public final class CodedKvCache implements KvCache {

    private final KvCodecFn codec;
    private final int keyBits;
    private final int valueBits;
    private final @Nullable KvCodes[] keys;
    private final @Nullable KvCodes[] values;
    private final int maxTokens;
    private int length;
    private boolean closed;

    /**
     * @param keyBits of a key's number, 8 or 4
     * @param valueBits of a value's
     */
    public CodedKvCache(KvCodecFn codec, int layers, int maxTokens, int keyBits, int valueBits) {
        if (layers < 1 || maxTokens < 1) {
            throw new IllegalArgumentException(
                    "a cache of " + layers + " layers and " + maxTokens + " tokens holds nothing");
        }
        if ((keyBits != 4 && keyBits != 8) || (valueBits != 4 && valueBits != 8)) {
            throw new IllegalArgumentException(
                    "keys of " + keyBits + " and values of " + valueBits + " bits are not possible; 8 and 4 are");
        }
        this.codec = codec;
        this.keyBits = keyBits;
        this.valueBits = valueBits;
        this.keys = new KvCodes[layers];
        this.values = new KvCodes[layers];
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
        Objects.checkIndex(layer, keys.length);
        KvCodes k = joined(keys[layer], codec.pack(step.keys(), keyBits));
        KvCodes v = joined(values[layer], codec.pack(step.values(), valueBits));
        keys[layer] = k;
        values[layer] = v;
        return new KeysValues(codec.unpack(k), codec.unpack(v));
    }

    private KvCodes joined(@Nullable KvCodes past, KvCodes step) {
        KvCodes all = past == null || length == 0 ? step : past.first(length).joined(step);
        Scope.escape(all.codes().eval());
        Scope.escape(all.scales().eval());
        Scope.escape(all.zeros().eval());
        return all;
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
        long bytes = 0;
        for (int layer = 0; layer < keys.length && !closed; layer++) {
            KvCodes k = keys[layer];
            KvCodes v = values[layer];
            bytes += k == null || v == null ? 0 : k.nbytes() + v.nbytes();
        }
        return bytes;
    }

    @Override
    public void close() {
        closed = true;
        java.util.Arrays.fill(keys, null);
        java.util.Arrays.fill(values, null);
    }
}
