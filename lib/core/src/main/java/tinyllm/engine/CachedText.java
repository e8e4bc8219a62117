package tinyllm.engine;

import java.util.Arrays;
import tinyllm.cache.KvCache;
import tinyllm.model.CausalLm;
import tinyllm.tensor.Tensor;

/**
 * The model as a decode loop sees it, with a memory: a loop gives the whole text each time, and only what is new passes through the
 * layers. Text that differs from what was remembered is forgotten from there on. For one thread.
 */
final class CachedText implements GenerateFn.NextLogits, AutoCloseable {
    private final CausalLm model;
    private final KvCache cache;
    private int[] known = {};

    /** @param maxTokens of the longest text that will come */
    CachedText(CausalLm model, int maxTokens) {
        this.model = model;
        this.cache = model.newCache(maxTokens);
    }

    @Override
    public Tensor after(int[] tokens) {
        int mismatch = Arrays.mismatch(known, tokens);
        int same = mismatch < 0 ? known.length : mismatch;
        // The last token passes even if it is known: its logits are not remembered.
        int keep = Math.min(same, tokens.length - 1);
        cache.rewind(cache.length() - Math.min(cache.length(), keep));
        Tensor logits = model.lastLogits(Arrays.copyOfRange(tokens, cache.length(), tokens.length), cache);
        known = tokens.clone();
        return logits;
    }

    @Override
    public void close() {
        cache.close();
    }
}
