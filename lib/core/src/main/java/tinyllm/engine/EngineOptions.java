package tinyllm.engine;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.IntFunction;
import tinyllm.cache.ChainedKeys;
import tinyllm.cache.EvictFn;
import tinyllm.cache.KeyedIndex;
import tinyllm.cache.LeastRecentlyUsed;
import tinyllm.cache.ListedPages;
import tinyllm.cache.PageBudget;
import tinyllm.cache.PageIndex;
import tinyllm.cache.PageKeysFn;
import tinyllm.cache.PageList;
import tinyllm.cache.PrefixIndex;
import tinyllm.cache.SharedPages;
import tinyllm.course.Mine;
import tinyllm.sampling.Sampler;
import tinyllm.sampling.SamplingFn;

/**
 * How an engine works. Immutable; each {@code with} gives a changed copy.
 *
 * @param policy what a step may do
 * @param pages how large the pool of pages is
 * @param bounds what may wait
 * @param scheduler who plans the steps
 * @param sampler how tokens are chosen
 * @param prefixCache whether texts that begin the same share pages
 * @param prefixIndex makes what finds them, from a page's tokens; a new one for each pool of pages
 * @param stepLimit how long a step may take before the engine counts as hanging
 * @param listeners get a report of each step
 */
public record EngineOptions(
        SchedulerPolicy policy,
        PageBudget pages,
        QueueBounds bounds,
        SchedulerStep scheduler,
        Sampler sampler,
        boolean prefixCache,
        IntFunction<? extends PageIndex> prefixIndex,
        Duration stepLimit,
        List<StepListener> listeners) {

    private static final Set<Class<?>> PLACES = Set.of(
            SchedulerStep.class, PolicyFn.class, PageList.class, SharedPages.class, PageKeysFn.class, EvictFn.class);

    private static final double WAITED_SECOND = 50; // tokens that a learner's policy counts for it, as in chapter 3.8

    public EngineOptions {
        listeners = List.copyOf(listeners);
        if (stepLimit.isNegative() || stepLimit.isZero()) {
            throw new IllegalArgumentException("a step needs some time, but its limit is " + stepLimit);
        }
    }

    /** {@link SchedulerPolicy#standard}, pages for 8,192 tokens, {@link QueueBounds#standard}, a prefix cache, 30 s for a step. */
    public static EngineOptions standard() {
        return new EngineOptions(
                SchedulerPolicy.standard(),
                PageBudget.tokens(8192),
                QueueBounds.standard(),
                new Scheduler(),
                Sampler.library(),
                true,
                PrefixIndex::new,
                Duration.ofSeconds(30),
                List.of());
    }

    public EngineOptions with(SchedulerPolicy other) {
        return new EngineOptions(
                other, pages, bounds, scheduler, sampler, prefixCache, prefixIndex, stepLimit, listeners);
    }

    public EngineOptions with(PageBudget other) {
        return new EngineOptions(
                policy, other, bounds, scheduler, sampler, prefixCache, prefixIndex, stepLimit, listeners);
    }

    public EngineOptions with(QueueBounds other) {
        return new EngineOptions(
                policy, pages, other, scheduler, sampler, prefixCache, prefixIndex, stepLimit, listeners);
    }

    public EngineOptions with(SchedulerStep other) {
        return new EngineOptions(policy, pages, bounds, other, sampler, prefixCache, prefixIndex, stepLimit, listeners);
    }

    public EngineOptions with(Sampler other) {
        return new EngineOptions(
                policy, pages, bounds, scheduler, other, prefixCache, prefixIndex, stepLimit, listeners);
    }

    public EngineOptions withPrefixCache(boolean on) {
        return new EngineOptions(policy, pages, bounds, scheduler, sampler, on, prefixIndex, stepLimit, listeners);
    }

    /** A prefix cache that finds its pages by another index, a learner's for instance (chapter 4.2). */
    public EngineOptions withPrefixIndex(IntFunction<? extends PageIndex> index) {
        return new EngineOptions(policy, pages, bounds, scheduler, sampler, true, index, stepLimit, listeners);
    }

    public EngineOptions withStepLimit(Duration limit) {
        return new EngineOptions(policy, pages, bounds, scheduler, sampler, prefixCache, prefixIndex, limit, listeners);
    }

    /** The same with a learner's answers in the library's place; of two for one place the later. */
    public EngineOptions with(Mine mine) {
        EngineOptions all = this;
        PolicyFn queue = null;
        PageKeysFn keys = null;
        EvictFn eviction = null;
        for (Mine.Piece piece : mine.pieces()) {
            switch (piece.own()) {
                case SchedulerStep own -> all = all.with(own);
                case SamplingFn own -> all = all.with(all.sampler.with(() -> own));
                case PageList own -> all = all.with(all.pages.ownedBy(() -> new ListedPages(own)));
                case SharedPages own -> all = all.with(all.pages.ownedBy(() -> own));
                case PolicyFn own -> queue = own;
                case PageKeysFn own -> keys = own;
                case EvictFn own -> eviction = own;
                case null, default -> {}
            }
        }
        if (queue != null) {
            all = all.with(new PolicyScheduler(queue, WAITED_SECOND, all.scheduler));
        }
        if (!prefixCache || (keys == null && eviction == null)) {
            return all;
        }
        PageKeysFn ownKeys = keys == null ? new ChainedKeys() : keys;
        EvictFn ownEviction = eviction == null ? new LeastRecentlyUsed() : eviction;
        return all.withPrefixIndex(pageTokens -> new KeyedIndex(ownKeys, ownEviction, pageTokens));
    }

    /** Whether {@link #with(Mine)} uses answers of this interface. */
    static boolean hasPlaceFor(Class<?> contract) {
        return PLACES.contains(contract) || SamplingFn.class.isAssignableFrom(contract);
    }

    /** One listener more. */
    public EngineOptions with(StepListener listener) {
        List<StepListener> all = new ArrayList<>(listeners);
        all.add(listener);
        return new EngineOptions(policy, pages, bounds, scheduler, sampler, prefixCache, prefixIndex, stepLimit, all);
    }
}
