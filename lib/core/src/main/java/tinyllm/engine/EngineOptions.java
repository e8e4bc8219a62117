package tinyllm.engine;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import tinyllm.cache.PageBudget;
import tinyllm.cache.PageIndex;
import tinyllm.cache.PrefixIndex;
import tinyllm.sampling.Sampler;

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

    /** One listener more. */
    public EngineOptions with(StepListener listener) {
        List<StepListener> all = new ArrayList<>(listeners);
        all.add(listener);
        return new EngineOptions(policy, pages, bounds, scheduler, sampler, prefixCache, prefixIndex, stepLimit, all);
    }
}
