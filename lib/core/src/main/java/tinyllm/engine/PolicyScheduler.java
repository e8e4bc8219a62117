package tinyllm.engine;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A scheduler whose queue stands in a policy's order. The policy may be a learner's: an order that forgets somebody, or names one twice,
 * is refused before it reaches the plan.
 *
 * @param policy who goes first
 * @param tokensPerSecond what a second of waiting is worth to it
 * @param inner plans the steps
 */
public record PolicyScheduler(PolicyFn policy, double tokensPerSecond, SchedulerStep inner) implements SchedulerStep {

    public PolicyScheduler {
        if (!(tokensPerSecond >= 0 && tokensPerSecond < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("a second of waiting is worth 0 tokens or more, not " + tokensPerSecond);
        }
    }

    /** The same with the library's scheduler. */
    public PolicyScheduler(PolicyFn policy, double tokensPerSecond) {
        this(policy, tokensPerSecond, new Scheduler());
    }

    /** @throws PlanException when the policy's order is not one of those that wait */
    @Override
    public StepPlan plan(SchedulerState state, SchedulerPolicy limits) {
        if (state.waiting().size() < 2) {
            return inner.plan(state, limits); // one alone has no order
        }
        return inner.plan(
                new SchedulerState(
                        state.running(),
                        ordered(state.waiting()),
                        state.freePages(),
                        state.pageTokens(),
                        state.prefixes()),
                limits);
    }

    private List<Sequence> ordered(List<Sequence> waiting) {
        List<Long> order = policy.order(waiting, tokensPerSecond);
        if (order == null) {
            throw new PlanException("the policy returned null where the ids of those that wait were expected");
        }
        Map<Long, Sequence> left = new HashMap<>();
        waiting.forEach(sequence -> left.put(sequence.id(), sequence));
        List<Sequence> ordered = new ArrayList<>(waiting.size());
        for (Long id : order) {
            Sequence next = left.remove(id);
            if (next == null) {
                throw new PlanException("the policy names request " + id + ", which does not wait, or names it twice");
            }
            ordered.add(next);
        }
        if (!left.isEmpty()) {
            throw new PlanException("the policy forgets who waits: " + left.keySet());
        }
        return ordered;
    }
}
