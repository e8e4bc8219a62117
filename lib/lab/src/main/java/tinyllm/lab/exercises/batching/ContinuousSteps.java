package tinyllm.lab.exercises.batching;

import java.util.ArrayList;
import java.util.List;
import tinyllm.engine.SchedulerPolicy;
import tinyllm.engine.SchedulerState;
import tinyllm.engine.SchedulerStep;
import tinyllm.engine.Sequence;
import tinyllm.engine.StepPlan;

/** The scheduler of chapter 2.6, each decision a method of its own: a wrong answer takes one of them differently. */
class ContinuousSteps implements SchedulerStep {

    /** Who of those that run is worth decoding in this step. */
    List<Sequence> decoding(List<Sequence> running) {
        return running;
    }

    boolean enough(int needed, int free) {
        return needed <= free;
    }

    /** Takes one out. */
    Sequence victim(List<Sequence> staying) {
        return staying.removeLast();
    }

    int given(Sequence victim) {
        return victim.ownPages();
    }

    int freeForJoining(int free, int needed) {
        return free - needed;
    }

    int spare(SchedulerPolicy policy, boolean alone) {
        return alone ? 0 : policy.sparePages();
    }

    int places(SchedulerPolicy policy, int running) {
        return policy.maxRunning() - running;
    }

    int budget(SchedulerPolicy policy, int running) {
        return policy.stepTokens() - running;
    }

    boolean mayJoin(List<Long> preempted, List<Sequence> staying) {
        return preempted.isEmpty();
    }

    int reads(Sequence joining) {
        return joining.missing();
    }

    StepPlan finished(List<Long> preempted, List<Long> admitted, List<StepPlan.Work> work) {
        return new StepPlan(preempted, admitted, work);
    }

    @Override
    public final StepPlan plan(SchedulerState state, SchedulerPolicy policy) {
        List<Sequence> staying = new ArrayList<>(state.running());
        List<Long> preempted = new ArrayList<>();
        int free = state.freePages();
        while (!staying.isEmpty() && !enough(needed(staying, state), free)) {
            Sequence out = victim(staying);
            preempted.add(out.id());
            free += given(out);
        }
        List<StepPlan.Work> work = new ArrayList<>();
        decoding(staying).forEach(s -> work.add(new StepPlan.Work(s.id(), 1)));
        List<Long> admitted = new ArrayList<>();
        if (mayJoin(preempted, staying)) {
            int left = freeForJoining(free, needed(staying, state)) - spare(policy, staying.isEmpty());
            int places = places(policy, staying.size());
            int budget = budget(policy, staying.size());
            int joining = new JoinSteps().join(state.waiting(), places, budget, left, state.pageTokens());
            for (Sequence next : state.waiting().subList(0, joining)) {
                admitted.add(next.id());
                work.add(new StepPlan.Work(next.id(), reads(next)));
            }
        }
        return finished(preempted, admitted, work);
    }

    private static int needed(List<Sequence> staying, SchedulerState state) {
        return staying.stream().mapToInt(s -> s.pagesFor(1, state.pageTokens())).sum();
    }
}
