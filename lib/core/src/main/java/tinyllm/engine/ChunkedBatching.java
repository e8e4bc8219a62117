package tinyllm.engine;

import java.util.ArrayList;
import java.util.List;
import tinyllm.course.ReferenceUse;

/**
 * Continuous batching whose prompts are read in chunks, at its plainest. It asks no prefix cache: in an engine, what one knows of a
 * waiting text counts as computed.
 */
public final class ChunkedBatching implements SchedulerStep {

    @Override
    public StepPlan plan(SchedulerState state, SchedulerPolicy policy) {
        ReferenceUse.note("2.7 scheduler");
        int pageTokens = state.pageTokens();
        List<Sequence> staying = new ArrayList<>(state.running());
        List<Long> preempted = new ArrayList<>();
        int free = state.freePages();
        while (pages(staying, policy, pageTokens) > free) {
            Sequence newest = staying.removeLast();
            preempted.add(newest.id());
            free += newest.ownPages();
        }
        List<Sequence> all = new ArrayList<>(staying);
        if (preempted.isEmpty()) {
            int left = free - promised(staying, pageTokens) - (staying.isEmpty() ? 0 : policy.sparePages());
            int places = policy.maxRunning() - staying.size();
            int joining = new HeadOfQueue().join(state.waiting(), places, Integer.MAX_VALUE, left, pageTokens);
            all.addAll(state.waiting().subList(0, joining));
        }
        List<Long> admitted = new ArrayList<>();
        List<StepPlan.Work> work = new ArrayList<>();
        int[] tokens = tokens(all, policy);
        for (int i = 0; i < tokens.length; i++) {
            if (tokens[i] > 0) {
                work.add(new StepPlan.Work(all.get(i).id(), tokens[i]));
                if (i >= staying.size()) {
                    admitted.add(all.get(i).id());
                }
            }
        }
        return new StepPlan(preempted, admitted, work);
    }

    /** One for each that decodes, chunks for the others. */
    private static int[] tokens(List<Sequence> sequences, SchedulerPolicy policy) {
        int[] missing = sequences.stream()
                .filter(s -> !s.decoding())
                .mapToInt(Sequence::missing)
                .toArray();
        int decodeRows = sequences.size() - missing.length;
        int[] chunks = new FirstPromptFirst().chunks(missing, decodeRows, policy.stepTokens(), policy.chunkTokens());
        int[] tokens = new int[sequences.size()];
        int next = 0;
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = sequences.get(i).decoding() ? 1 : chunks[next++];
        }
        return tokens;
    }

    /** Pages that the tokens of this step take. */
    private static int pages(List<Sequence> sequences, SchedulerPolicy policy, int pageTokens) {
        int[] tokens = tokens(sequences, policy);
        int pages = 0;
        for (int i = 0; i < tokens.length; i++) {
            pages += sequences.get(i).pagesFor(tokens[i], pageTokens);
        }
        return pages;
    }

    /** Pages that they will want until each of them has its next token. */
    private static int promised(List<Sequence> sequences, int pageTokens) {
        return sequences.stream()
                .mapToInt(s -> s.pagesFor(s.decoding() ? 1 : s.missing() + 1, pageTokens))
                .sum();
    }
}
