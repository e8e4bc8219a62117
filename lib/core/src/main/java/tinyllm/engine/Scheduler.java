package tinyllm.engine;

import java.util.ArrayList;
import java.util.List;
import tinyllm.course.ReferenceUse;

/**
 * Continuous batching with chunked prefill (chapters 2.6 and 2.7). Every step decodes one token for each request whose prompt is read,
 * gives what is left of the budget to prompts in chunks, and admits whom there is room for:
 *
 * <ol>
 *   <li>Each decoding request gets its token, the oldest first. Where a page is lacking, the newest request is preempted.
 *   <li>Prompts that are being read go on, the oldest first, as far as budget and pages reach.
 *   <li>Waiting requests join in the queue's order, as long as the pages for their whole text are there beside those that the running
 *       prompts will still need. Nobody overtakes the head of the queue.
 * </ol>
 *
 * The oldest request always goes on, so every request ends.
 */
public final class Scheduler implements SchedulerStep {

    @Override
    public StepPlan plan(SchedulerState state, SchedulerPolicy policy) {
        ReferenceUse.note("2.6 scheduler");
        ReferenceUse.note("2.7 scheduler");
        Draft draft = new Draft(state, policy);
        draft.decode();
        draft.prefill();
        draft.admit();
        return draft.plan();
    }

    /** A plan in the making. */
    private static final class Draft {
        private final SchedulerState state;
        private final SchedulerPolicy policy;
        private final List<Sequence> running; // less whom this plan preempts
        private final List<Long> preempted = new ArrayList<>();
        private final List<Long> admitted = new ArrayList<>();
        private final List<StepPlan.Work> work = new ArrayList<>();
        private int free;
        private int budget;
        private int promised; // pages that prompts being read will still need after this step

        Draft(SchedulerState state, SchedulerPolicy policy) {
            this.state = state;
            this.policy = policy;
            this.running = new ArrayList<>(state.running());
            this.free = state.freePages();
            this.budget = policy.stepTokens();
        }

        void decode() {
            for (int i = 0; i < running.size(); i++) {
                Sequence sequence = running.get(i);
                if (sequence.decoding()) {
                    int lacking = sequence.pagesFor(1, state.pageTokens());
                    preemptNewerThan(i, lacking);
                    if (lacking > free) {
                        preemptNewest(); // which is this one
                        return;
                    }
                    take(sequence, 1, lacking);
                }
            }
        }

        void prefill() {
            if (!work.isEmpty()) {
                budget = Math.min(budget, policy.chunkTokens());
            }
            for (int i = 0; i < running.size(); i++) {
                Sequence sequence = running.get(i);
                if (!sequence.decoding()) {
                    if (work.isEmpty()) { // somebody must go on
                        preemptNewerThan(i, sequence.pagesFor(1, state.pageTokens()));
                    }
                    int tokens = Math.min(Math.min(sequence.missing(), budget), room(sequence));
                    int lacking = sequence.pagesFor(tokens, state.pageTokens());
                    promised += sequence.pagesFor(sequence.missing() + 1, state.pageTokens()) - lacking;
                    if (tokens > 0) {
                        take(sequence, tokens, lacking);
                    }
                }
            }
        }

        /** Whoever was preempted in this step shows that there is no room. */
        void admit() {
            if (!preempted.isEmpty()) {
                return;
            }
            int places = policy.maxRunning() - running.size();
            for (Sequence head : state.waiting()) {
                if (places == 0 || budget == 0) {
                    return;
                }
                KnownPrefix known = state.prefixes().of(head);
                int whole = Math.ceilDiv(head.tokens() + 1, state.pageTokens());
                int fresh = whole - known.tokens() / state.pageTokens();
                int spare = running.isEmpty() && admitted.isEmpty() ? 0 : policy.sparePages();
                if (fresh + known.idlePages() + promised + spare > free) {
                    return;
                }
                int tokens = Math.min(head.missing() - known.tokens(), budget);
                int now =
                        Math.ceilDiv(known.tokens() + tokens, state.pageTokens()) - known.tokens() / state.pageTokens();
                promised += fresh - now;
                admitted.add(head.id());
                take(head, tokens, now + known.idlePages());
                places--;
            }
        }

        private void take(Sequence sequence, int tokens, int pages) {
            work.add(new StepPlan.Work(sequence.id(), tokens));
            budget -= tokens;
            free -= pages;
        }

        /** Tokens that fit into the pages that it has and the free ones. */
        private int room(Sequence sequence) {
            long tokens = (long) (sequence.pages() + free) * state.pageTokens() - sequence.computed();
            return (int) Math.min(Integer.MAX_VALUE, tokens);
        }

        private void preemptNewerThan(int index, int pages) {
            while (pages > free && running.size() > index + 1) {
                preemptNewest();
            }
        }

        private void preemptNewest() {
            Sequence newest = running.removeLast();
            preempted.add(newest.id());
            free += newest.ownPages();
        }

        StepPlan plan() {
            return new StepPlan(preempted, admitted, work);
        }
    }
}
