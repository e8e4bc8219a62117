package tinyllm.engine;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Whether a plan can be carried out: a scheduler may be a learner's, and a wrong plan must not reach the pages. */
final class PlanCheck {

    private final SchedulerState state;
    private final SchedulerPolicy policy;
    private final Map<Long, Sequence> running = new HashMap<>();
    private final Map<Long, Sequence> joining = new HashMap<>();
    private final Map<Long, KnownPrefix> prefixes = new HashMap<>();
    private int free;

    private PlanCheck(SchedulerState state, SchedulerPolicy policy) {
        this.state = state;
        this.policy = policy;
        this.free = state.freePages();
        for (Sequence sequence : state.running()) {
            running.put(sequence.id(), sequence);
        }
    }

    /** @throws PlanException with what is wrong and the limit that it breaks */
    static void check(@Nullable StepPlan plan, SchedulerState state, SchedulerPolicy policy) {
        if (plan == null) {
            throw new PlanException("the scheduler returned null where a plan was expected");
        }
        PlanCheck check = new PlanCheck(state, policy);
        check.preempted(plan);
        check.admitted(plan);
        check.work(plan);
        check.progress(plan);
    }

    private void preempted(StepPlan plan) {
        for (long id : plan.preempted()) {
            Sequence victim = running.remove(id);
            if (victim == null) {
                throw new PlanException("the plan preempts request " + id + ", which does not run");
            }
            free += victim.ownPages();
        }
    }

    private void admitted(StepPlan plan) {
        if (plan.admitted().isEmpty()) {
            return;
        }
        Set<Long> wanted = new HashSet<>(plan.admitted());
        if (wanted.size() < plan.admitted().size()) {
            throw new PlanException("the plan admits a request twice: " + plan.admitted());
        }
        for (Sequence sequence : state.waiting()) {
            if (wanted.remove(sequence.id())) {
                joining.put(sequence.id(), sequence);
                KnownPrefix known = state.prefixes().of(sequence);
                prefixes.put(sequence.id(), known);
                free -= known.idlePages();
            }
            if (wanted.isEmpty()) {
                break;
            }
        }
        if (!wanted.isEmpty()) {
            throw new PlanException(
                    "the plan admits request " + wanted.iterator().next() + ", which does not wait");
        }
        int count = running.size() + joining.size();
        if (count > policy.maxRunning()) {
            throw new PlanException(
                    "the plan lets " + count + " requests run, but at most " + policy.maxRunning() + " may");
        }
    }

    private void work(StepPlan plan) {
        Set<Long> seen = new HashSet<>();
        int tokens = 0;
        for (StepPlan.Work work : plan.work()) {
            if (!seen.add(work.sequence())) {
                throw new PlanException("the plan names request " + work.sequence() + " twice in its work");
            }
            tokens += work.tokens();
            free -= pages(work);
        }
        if (tokens > policy.stepTokens()) {
            throw new PlanException(
                    "the plan passes " + tokens + " tokens, but a step's budget is " + policy.stepTokens());
        }
        if (free < 0) {
            throw new PlanException("the plan needs " + -free + " pages more than there are free");
        }
    }

    private int pages(StepPlan.Work work) {
        KnownPrefix known = prefixes.getOrDefault(work.sequence(), KnownPrefix.NOTHING);
        Sequence sequence = running.get(work.sequence());
        Sequence joined = sequence != null ? sequence : joining.get(work.sequence());
        if (joined == null) {
            throw new PlanException("the plan has work for request " + work.sequence()
                    + ", which does not run after the plan's preemptions and admissions");
        }
        int missing = joined.missing() - known.tokens();
        if (work.tokens() < 1 || work.tokens() > missing) {
            throw new PlanException("the plan passes " + work.tokens() + " tokens of request " + work.sequence()
                    + ", which is missing " + missing);
        }
        int had = sequence != null ? sequence.pages() : known.tokens() / state.pageTokens();
        return Math.max(0, Math.ceilDiv(joined.computed() + known.tokens() + work.tokens(), state.pageTokens()) - had);
    }

    /** A plan that changes nothing would be made again for ever. */
    private void progress(StepPlan plan) {
        int requests = state.running().size() + state.waiting().size();
        if (plan.work().isEmpty() && plan.preempted().isEmpty() && requests > 0) {
            throw new PlanException(
                    "the plan passes no token although " + state.running().size() + " requests run and "
                            + state.waiting().size() + " wait");
        }
    }
}
