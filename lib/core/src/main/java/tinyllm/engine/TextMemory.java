package tinyllm.engine;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tinyllm.cache.KvArrays;
import tinyllm.cache.KvCache;
import tinyllm.model.CausalLm;

/**
 * Whether and how a generator remembers what was read.
 *
 * @param on false for week 1's loop, which reads the whole text for every token
 * @param arrays makes the learner's cache; null for the model's own
 * @param reuse what of a cache serves the next text
 */
record TextMemory(boolean on, @Nullable Supplier<? extends KvArrays> arrays, ReuseFn reuse) {

    static TextMemory library(boolean on) {
        return new TextMemory(on, null, new CommonPrefix());
    }

    TextMemory switchedOn() {
        return new TextMemory(true, arrays, reuse);
    }

    TextMemory with(Supplier<? extends KvArrays> own) {
        return new TextMemory(true, own, reuse);
    }

    TextMemory with(ReuseFn own) {
        return new TextMemory(true, arrays, own);
    }

    /** An empty text; the caller closes it. */
    CachedText open(CausalLm model, int maxTokens) {
        KvCache cache = arrays == null ? model.newCache(maxTokens) : model.newCache(maxTokens, arrays.get());
        return new CachedText(model, cache, reuse);
    }
}
