package tinyllm.engine;

import java.util.ArrayList;
import java.util.List;
import tinyllm.course.ReferenceUse;

/**
 * Continuous batching at its plainest: every running request decodes one token, and who joins reads the whole prompt in one step. It
 * never lets a text join that is longer than a step's budget: an engine has {@link Scheduler} read such a one, in chunks, when nobody runs.
 */
public final class ContinuousBatching implements SchedulerStep {

    @Override
    public StepPlan plan(SchedulerState state, SchedulerPolicy policy) {
        ReferenceUse.note("2.6 scheduler");
        List<Sequence> staying = new ArrayList<>(state.running());
        List<Long> preempted = new ArrayList<>();
        int free = state.freePages();
        while (pages(staying, state.pageTokens()) > free) {
            Sequence newest = staying.removeLast();
            preempted.add(newest.id());
            free += newest.ownPages();
        }
        free -= pages(staying, state.pageTokens());
        List<StepPlan.Work> work = new ArrayList<>();
        staying.forEach(sequence -> work.add(new StepPlan.Work(sequence.id(), 1)));
        List<Long> admitted = new ArrayList<>();
        if (preempted.isEmpty()) {
            int spare = staying.isEmpty() ? 0 : policy.sparePages();
            int places = policy.maxRunning() - staying.size();
            int budget = policy.stepTokens() - staying.size();
            int joining = new HeadOfQueue().join(state.waiting(), places, budget, free - spare, state.pageTokens());
            for (Sequence sequence : state.waiting().subList(0, joining)) {
                admitted.add(sequence.id());
                work.add(new StepPlan.Work(sequence.id(), sequence.missing()));
            }
        }
        return new StepPlan(preempted, admitted, work);
    }

    /** Pages that one more token of each would take. */
    private static int pages(List<Sequence> sequences, int pageTokens) {
        return sequences.stream().mapToInt(s -> s.pagesFor(1, pageTokens)).sum();
    }
}
