package tinyllm.engine;

import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Whether a plan can be carried out: a scheduler may be a learner's, and a wrong plan must not reach the pages. */
final class PlanCheck {

    private final SchedulerState state;
    private final SchedulerPolicy policy;
    private final BitSet gone = new BitSet(); // places in the list of running ones
    private final BitSet busy = new BitSet();
    private final Map<Long, Sequence> joining = new HashMap<>();
    private final Set<Long> joiningBusy = new HashSet<>();
    private int next; // place behind the one that was found last: most plans go along the list
    private int free;

    private PlanCheck(SchedulerState state, SchedulerPolicy policy) {
        this.state = state;
        this.policy = policy;
        this.free = state.freePages();
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

    /** The place of a running request; -1 when it does not run, or no longer. */
    private int place(long id) {
        List<Sequence> running = state.running();
        for (int i = 0; i < running.size(); i++) {
            int at = next + i < running.size() ? next + i : next + i - running.size();
            if (running.get(at).id() == id) {
                next = at + 1;
                return gone.get(at) ? -1 : at;
            }
        }
        return -1;
    }

    private void preempted(StepPlan plan) {
        for (long id : plan.preempted()) {
            int place = place(id);
            if (place < 0) {
                throw new PlanException("the plan preempts request " + id + ", which does not run");
            }
            gone.set(place);
            free += state.running().get(place).ownPages();
        }
        next = 0;
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
                free -= state.prefixes().of(sequence).idlePages();
            }
            if (wanted.isEmpty()) {
                break;
            }
        }
        if (!wanted.isEmpty()) {
            throw new PlanException(
                    "the plan admits request " + wanted.iterator().next() + ", which does not wait");
        }
        int count = state.running().size() - gone.cardinality() + joining.size();
        if (count > policy.maxRunning()) {
            throw new PlanException(
                    "the plan lets " + count + " requests run, but at most " + policy.maxRunning() + " may");
        }
    }

    private void work(StepPlan plan) {
        int tokens = 0;
        for (StepPlan.Work work : plan.work()) {
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
        int place = place(work.sequence());
        Sequence sequence = place >= 0 ? state.running().get(place) : joining.get(work.sequence());
        if (sequence == null) {
            throw new PlanException("the plan has work for request " + work.sequence()
                    + ", which does not run after the plan's preemptions and admissions");
        }
        boolean twice = place >= 0 ? busy.get(place) : !joiningBusy.add(work.sequence());
        if (twice) {
            throw new PlanException("the plan names request " + work.sequence() + " twice in its work");
        }
        if (place >= 0) {
            busy.set(place);
            return pages(work, sequence, 0, sequence.pages());
        }
        int known = state.prefixes().of(sequence).tokens();
        return pages(work, sequence, known, known / state.pageTokens());
    }

    private int pages(StepPlan.Work work, Sequence sequence, int known, int had) {
        int missing = sequence.missing() - known;
        if (work.tokens() < 1 || work.tokens() > missing) {
            throw new PlanException("the plan passes " + work.tokens() + " tokens of request " + work.sequence()
                    + ", which is missing " + missing);
        }
        return Math.max(0, Math.ceilDiv(sequence.computed() + known + work.tokens(), state.pageTokens()) - had);
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
