package tinyllm.engine;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Fits a scheduler that was written for whole prompts and pages of one owner each, as chapters 2.6 and 2.7 ask for, into an engine with a
 * prefix cache and a budget for each step. Who runs, who leaves and who joins stays the scheduler's choice:
 *
 * <ul>
 *   <li>What the prefix cache knows of a waiting text looks computed to it, so {@code missing()} and {@code pagesFor} count the rest, and
 *       the known pages that would have to be taken.
 *   <li>Work for one who joins is cut to what it misses after its known prefix.
 *   <li>Where it plans nothing because a waiting text is longer than a step's budget, the library reads that one text in chunks, and lets
 *       nobody else join meanwhile; then the scheduler goes on. Other empty plans are refused, as they are anywhere.
 * </ul>
 *
 * For one engine's thread: it remembers whose text is being read.
 */
final class SchedulerFit implements SchedulerStep {

    /** Of those that wait, so many times the places are looked up before the plan: a long queue must not cost a look for each. */
    private static final int LOOKED_UP = 4;

    private final SchedulerStep own;
    private final Scheduler library = new Scheduler();
    private final Set<Long> reading = new HashSet<>();

    private SchedulerFit(SchedulerStep own) {
        this.own = own;
    }

    /** The library's scheduler as it is, any other fitted. */
    static SchedulerStep of(SchedulerStep scheduler) {
        return switch (scheduler) {
            case Scheduler fits -> fits;
            case PolicyScheduler queue ->
                new PolicyScheduler(queue.policy(), queue.tokensPerSecond(), of(queue.inner()));
            default -> new SchedulerFit(scheduler);
        };
    }

    @Override
    public StepPlan plan(SchedulerState state, SchedulerPolicy policy) {
        if (isReading(state)) {
            return library.plan(withQueue(state, List.of()), policy);
        }
        StepPlan plan = own.plan(seen(state, policy), policy);
        if (plan == null) {
            return plan; // refused like any wrong plan
        }
        if (plan.work().isEmpty() && plan.preempted().isEmpty()) {
            Sequence tooLong = longerThanAStep(state, policy);
            if (tooLong != null) {
                reading.add(tooLong.id());
                return library.plan(withQueue(state, List.of(tooLong)), policy);
            }
        }
        return cut(plan, state);
    }

    /** Whether a text that the library began to read is not read yet. */
    private boolean isReading(SchedulerState state) {
        if (reading.isEmpty()) {
            return false;
        }
        Set<Long> left = new HashSet<>();
        for (Sequence sequence : state.running()) {
            if (!sequence.decoding()) {
                left.add(sequence.id());
            }
        }
        reading.retainAll(left);
        return !reading.isEmpty();
    }

    private static SchedulerState withQueue(SchedulerState state, List<Sequence> waiting) {
        return new SchedulerState(state.running(), waiting, state.freePages(), state.pageTokens(), state.prefixes());
    }

    private static @Nullable Sequence longerThanAStep(SchedulerState state, SchedulerPolicy policy) {
        for (Sequence waiting : state.waiting()) {
            if (waiting.missing() > policy.stepTokens()
                    && waiting.missing() - state.prefixes().of(waiting).tokens() > policy.stepTokens()) {
                return waiting;
            }
        }
        return null;
    }

    /** The state to somebody who knows no prefix cache. */
    private static SchedulerState seen(SchedulerState state, SchedulerPolicy policy) {
        List<Sequence> waiting = new ArrayList<>(state.waiting());
        int most = (int) Math.min(waiting.size(), (long) LOOKED_UP * policy.maxRunning());
        for (int i = 0; i < most; i++) {
            waiting.set(i, begun(waiting.get(i), state));
        }
        return new SchedulerState(state.running(), waiting, state.freePages(), state.pageTokens());
    }

    /** Idle pages are free until they are taken, so they are none that it has. */
    private static Sequence begun(Sequence s, SchedulerState state) {
        KnownPrefix known = state.prefixes().of(s);
        if (known.tokens() == 0) {
            return s;
        }
        int held = known.tokens() / state.pageTokens() - known.idlePages();
        return new Sequence(
                s.id(),
                s.promptTokens(),
                s.tokens(),
                known.tokens(),
                held,
                held,
                s.admission(),
                s.priority(),
                s.arrived());
    }

    private static StepPlan cut(StepPlan plan, SchedulerState state) {
        if (plan.admitted().isEmpty()) {
            return plan;
        }
        Map<Long, Integer> missing = missing(plan, state);
        List<StepPlan.Work> work = new ArrayList<>(plan.work().size());
        for (StepPlan.Work w : plan.work()) {
            int most = missing.getOrDefault(w.sequence(), Integer.MAX_VALUE);
            work.add(w.tokens() <= most ? w : new StepPlan.Work(w.sequence(), most));
        }
        return new StepPlan(plan.preempted(), plan.admitted(), work);
    }

    /** Of those who join with a known prefix. */
    private static Map<Long, Integer> missing(StepPlan plan, SchedulerState state) {
        Set<Long> admitted = new HashSet<>(plan.admitted());
        Map<Long, Integer> missing = new HashMap<>();
        for (Sequence waiting : state.waiting()) {
            if (admitted.remove(waiting.id())) {
                int known = state.prefixes().of(waiting).tokens();
                if (known > 0) {
                    missing.put(waiting.id(), waiting.missing() - known);
                }
            }
            if (admitted.isEmpty()) {
                break;
            }
        }
        return missing;
    }
}
