package tinyllm.lab.exercises.batching;

import java.util.ArrayList;
import java.util.List;
import tinyllm.engine.SchedulerPolicy;
import tinyllm.engine.SchedulerState;
import tinyllm.engine.SchedulerStep;
import tinyllm.engine.Sequence;
import tinyllm.engine.StepPlan;

/** The scheduler of chapter 2.7, each decision a method of its own: a wrong answer takes one of them differently. */
class ChunkedSteps implements SchedulerStep {

    /** Tokens of a step for all of these, those that run first. */
    int[] tokens(List<Sequence> sequences, int running, SchedulerPolicy policy) {
        int rows = (int) sequences.stream().filter(Sequence::decoding).count();
        int left = left(rows, policy);
        int[] tokens = new int[sequences.size()];
        for (int i = 0; i < tokens.length; i++) {
            Sequence sequence = sequences.get(i);
            tokens[i] = sequence.decoding() ? row(rows, tokens.length) : chunk(sequence, left, i < running);
            left -= sequence.decoding() ? 0 : Math.min(left, tokens[i]);
        }
        return tokens;
    }

    int left(int rows, SchedulerPolicy policy) {
        return rows > 0 ? Math.min(policy.stepTokens() - rows, policy.chunkTokens()) : policy.stepTokens();
    }

    /** Tokens of one that decodes. */
    int row(int decoding, int all) {
        return 1;
    }

    int chunk(Sequence sequence, int left, boolean runs) {
        return Math.min(sequence.missing(), left);
    }

    /** What a request's tokens take of the free pages, for whether somebody must leave. */
    int counted(Sequence sequence, int pages) {
        return pages;
    }

    Sequence victim(List<Sequence> staying) {
        return staying.removeLast();
    }

    int given(Sequence victim) {
        return victim.ownPages();
    }

    boolean mayJoin(List<Long> preempted) {
        return preempted.isEmpty();
    }

    int promised(Sequence sequence, int tokens, int pageTokens) {
        return sequence.pagesFor(sequence.decoding() ? 1 : sequence.missing() + 1, pageTokens);
    }

    int spare(SchedulerPolicy policy, boolean alone) {
        return alone ? 0 : policy.sparePages();
    }

    int places(SchedulerPolicy policy, int running) {
        return policy.maxRunning() - running;
    }

    int budget(int left) {
        return Integer.MAX_VALUE;
    }

    boolean admits(int tokens) {
        return tokens > 0;
    }

    @Override
    public final StepPlan plan(SchedulerState state, SchedulerPolicy policy) {
        int pageTokens = state.pageTokens();
        List<Sequence> staying = new ArrayList<>(state.running());
        List<Long> preempted = new ArrayList<>();
        int free = state.freePages();
        while (!staying.isEmpty() && needed(staying, policy, pageTokens) > free) {
            Sequence out = victim(staying);
            preempted.add(out.id());
            free += given(out);
        }
        List<Sequence> all = new ArrayList<>(staying);
        if (mayJoin(preempted)) {
            int[] now = tokens(staying, staying.size(), policy);
            int left = free - spare(policy, staying.isEmpty());
            int used = 0;
            for (int i = 0; i < now.length; i++) {
                left -= promised(staying.get(i), now[i], pageTokens);
                used += now[i];
            }
            int budget = budget(policy.stepTokens() - used);
            int joining =
                    new JoinSteps().join(state.waiting(), places(policy, staying.size()), budget, left, pageTokens);
            all.addAll(state.waiting().subList(0, joining));
        }
        return plan(all, staying.size(), tokens(all, staying.size(), policy), preempted);
    }

    private StepPlan plan(List<Sequence> all, int running, int[] tokens, List<Long> preempted) {
        List<Long> admitted = new ArrayList<>();
        List<StepPlan.Work> work = new ArrayList<>();
        for (int i = 0; i < tokens.length; i++) {
            if (tokens[i] > 0) {
                work.add(new StepPlan.Work(all.get(i).id(), tokens[i]));
            }
            if (i >= running && admits(tokens[i])) {
                admitted.add(all.get(i).id());
            }
        }
        return new StepPlan(preempted, admitted, work);
    }

    private int needed(List<Sequence> staying, SchedulerPolicy policy, int pageTokens) {
        int[] tokens = tokens(staying, staying.size(), policy);
        int pages = 0;
        for (int i = 0; i < tokens.length; i++) {
            Sequence sequence = staying.get(i);
            pages += counted(sequence, sequence.pagesFor(tokens[i], pageTokens));
        }
        return pages;
    }
}
