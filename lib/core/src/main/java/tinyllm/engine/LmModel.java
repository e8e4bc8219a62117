package tinyllm.engine;

import java.util.List;
import java.util.Set;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import tinyllm.cache.KvCache;
import tinyllm.cache.PageBudget;
import tinyllm.cache.PageIndex;
import tinyllm.cache.PagePool;
import tinyllm.cache.PagedKvCache;
import tinyllm.cache.PagedKvMemory;
import tinyllm.cache.PrefixCache;
import tinyllm.model.CausalLm;
import tinyllm.model.Chunk;
import tinyllm.sampling.Sampler;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;
import tinyllm.text.Tokenizer;

/** A loaded model with pages of its own. */
final class LmModel implements EngineModel {
    private final CausalLm model;
    private final PageBudget budget; // of one size for ever: a request that was let in must fit the next pool, too
    private final StepMemory step;
    private final BatchSampler sampler;
    private final boolean sharing;
    private final IntFunction<? extends PageIndex> index;
    private PagedKvMemory memory;
    private @Nullable PrefixCache prefixes;

    LmModel(CausalLm model, EngineOptions options) {
        this(
                model,
                options.pages(),
                new StepMemory(options.policy().stepTokens(), options.policy().maxRunning()),
                options.sampler(),
                options.prefixCache(),
                options.prefixIndex());
    }

    /**
     * @param step what the largest step takes
     * @param sharing whether texts that begin the same share pages
     * @param index makes what finds them, from a page's tokens
     */
    LmModel(
            CausalLm model,
            PageBudget budget,
            StepMemory step,
            Sampler sampler,
            boolean sharing,
            IntFunction<? extends PageIndex> index) {
        this.model = model;
        this.step = step;
        this.budget = step.fixed(budget, model.config());
        this.sharing = sharing;
        this.index = index;
        // rows past the tokenizer's ids are padding of the table: they stand for no text
        this.sampler = new BatchSampler(
                sampler, Math.min(model.tokenizer().vocabSize(), model.config().vocabSize()), model.tokenizer()::has);
        this.memory = step.pages(model, this.budget);
        this.prefixes = prefixes(memory);
    }

    private @Nullable PrefixCache prefixes(PagedKvMemory pages) {
        return sharing ? new PrefixCache(pages, index.apply(pages.pool().pageTokens())) : null;
    }

    @Override
    public int context() {
        return model.config().maxPositionEmbeddings();
    }

    @Override
    public int vocabulary() {
        return model.config().vocabSize();
    }

    @Override
    public Set<Integer> ends() {
        return model.eosIds();
    }

    @Override
    public Tokenizer tokenizer() {
        return model.tokenizer();
    }

    @Override
    public PagePool pool() {
        return memory.pool();
    }

    @Override
    public KvCache newCache(String salt, int[] text) {
        return prefixes == null ? memory.newCache() : prefixes.newCache(salt, text);
    }

    @Override
    public int known(String salt, int[] text) {
        return prefixes == null ? 0 : prefixes.known(salt, text);
    }

    @Override
    public void keep(String salt, int[] text, KvCache cache) {
        if (prefixes != null) {
            prefixes.keep(salt, text, (PagedKvCache) cache);
        }
    }

    @Override
    public boolean shares() {
        return sharing;
    }

    @Override
    public int[] pages(KvCache cache) {
        return ((PagedKvCache) cache).pages();
    }

    @Override
    public List<Chosen> step(List<Chunk> chunks, List<Draw> draws, PhaseClock clock) {
        try (Scope scope = Scope.open()) {
            Tensor logits = model.step(chunks);
            clock.mark(PhaseClock.Phase.MODEL);
            List<Chosen> chosen = sampler.choose(logits, draws);
            clock.mark(PhaseClock.Phase.SAMPLE);
            return chosen;
        }
    }

    @Override
    public String firstNonFinite(int[] tokens) {
        String where = model.firstNonFinite(tokens);
        return (where == null ? "" : "; numbers are not finite first at " + where)
                + ". Check the weights with ./lab doctor --scan";
    }

    @Override
    public void reset() {
        memory.close();
        memory = step.pages(model, budget);
        prefixes = prefixes(memory);
    }

    @Override
    public void forget() {
        if (prefixes != null) {
            prefixes.clear();
        }
    }

    @Override
    public void close() {
        memory.close();
    }
}
