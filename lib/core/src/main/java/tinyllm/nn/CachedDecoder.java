package tinyllm.nn;

import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import tinyllm.cache.KeysValues;
import tinyllm.cache.KvCache;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;

/**
 * The decoder with a memory (chapter 2.1): only new tokens pass through the layers. Any parts serve, since the cache stands between a
 * layer's keys and values and its attention: queries see what is remembered as if it had been computed with them.
 */
public final class CachedDecoder {

    /**
     * @param tokens the L tokens after those of the cache
     * @param cache advances by L
     * @return {@code [1, L, E]}, normed
     */
    public Tensor hidden(int[] tokens, DecoderWeights weights, Parts parts, KvCache cache) {
        int length = tokens.length;
        int offset = cache.length();
        cache.reserve(length);
        Tensor embedded = parts.embedding().embed(weights.embedTokens(), tokens);
        Tensor x = embedded.reshape(1, length, embedded.dim(-1));
        Tensor mask = length == 1 ? null : parts.mask().causal(length, cache.kept() + length, x.dtype());
        for (BlockWeights block : weights.layers()) {
            if (Thread.currentThread().isInterrupted()) {
                throw new CancellationException("interrupted before layer " + block.index());
            }
            x = step(x, block, mask, offset, remembering(parts, cache, block.index()));
        }
        Tensor normed =
                parts.norm().normalize(x, weights.norm(), weights.rmsNormEps()).eval();
        cache.advance(length);
        return normed;
    }

    private static Tensor step(Tensor x, BlockWeights block, @Nullable Tensor mask, int offset, Parts parts) {
        return Scope.of(() -> parts.block().apply(x, block, mask, offset, parts));
    }

    private static Parts remembering(Parts parts, KvCache cache, int layer) {
        GroupedAttentionFn attention = parts.grouped();
        return parts.with((GroupedAttentionFn) (q, k, v, mask, scale) -> {
            KeysValues all = cache.append(layer, new KeysValues(k, v));
            if (cache.wantsWeights()) {
                cache.attended(layer, GroupedQueryAttention.weights(parts.attention(), q, all.keys(), mask, scale));
            }
            return attention.attend(q, all.keys(), all.values(), mask, scale);
        });
    }
}
