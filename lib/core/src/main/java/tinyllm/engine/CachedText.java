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
    private final ReuseFn reuse;
    private int[] known = {};
    private int read;

    /** @param cache an empty one, this text's own */
    CachedText(CausalLm model, KvCache cache, ReuseFn reuse) {
        this.model = model;
        this.cache = cache;
        this.reuse = reuse;
    }

    @Override
    public Tensor after(int[] tokens) {
        // After a step that failed, fewer are in the cache than were asked for.
        int[] held = Arrays.copyOf(known, Math.min(known.length, cache.length()));
        int keep = reuse.keep(held, tokens.clone());
        if (keep < 0 || keep > held.length || keep >= tokens.length) {
            throw new IllegalStateException("of " + held.length + " tokens in the cache, " + keep
                    + " were to be kept for a text of " + tokens.length + ": 0 to "
                    + Math.min(held.length, tokens.length - 1) + " can be");
        }
        cache.rewind(cache.length() - keep);
        known = tokens.clone();
        read += tokens.length - keep;
        return model.lastLogits(Arrays.copyOfRange(tokens, keep, tokens.length), cache);
    }

    /** Tokens that have passed through the layers so far. */
    int read() {
        return read;
    }

    long nbytes() {
        return cache.nbytes();
    }

    @Override
    public void close() {
        cache.close();
    }
}
