package tinyllm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tinyllm.engine.StepPlan.Work;

/** Situations, and what a step does in them: pages of 4 tokens. */
class SchedulerTest {

    private static final SchedulerPolicy POLICY = new SchedulerPolicy(QueueOrder.firstComeFirstServed(), 4, 16, 8, 1);

    private static StepPlan plan(SchedulerPolicy policy, SchedulerState state) {
        StepPlan plan = new Scheduler().plan(state, policy);
        PlanCheck.check(plan, state, policy);
        return plan;
    }

    private static Sequence decoding(long id, int tokens) {
        return Sequence.running(id, 2, tokens, tokens - 1, Math.ceilDiv(tokens - 1, 4));
    }

    private static Sequence reading(long id, int prompt, int computed) {
        return Sequence.running(id, prompt, prompt, computed, Math.ceilDiv(computed, 4));
    }

    private static Sequence waiting(long id, int prompt) {
        return Sequence.waiting(id, prompt, id);
    }

    @Test
    void nobodyThere() {
        assertThat(plan(POLICY, new SchedulerState(List.of(), List.of(), 10, 4)))
                .isEqualTo(StepPlan.IDLE);
    }

    @Test
    void aPromptAloneGetsTheWholeBudget() {
        var state = new SchedulerState(List.of(), List.of(waiting(7, 40)), 20, 4);
        assertThat(plan(POLICY, state)).isEqualTo(new StepPlan(List.of(), List.of(7L), List.of(new Work(7, 16))));
    }

    @Test
    void aPromptBesideADecodingRequestGetsAChunk() {
        var state = new SchedulerState(List.of(decoding(0, 6)), List.of(waiting(7, 40)), 20, 4);
        assertThat(plan(POLICY, state).work()).containsExactly(new Work(0, 1), new Work(7, 8));
    }

    @Test
    void severalPromptsShareOneChunk() {
        var state = new SchedulerState(
                List.of(decoding(0, 6), reading(1, 9, 4)), List.of(waiting(2, 2), waiting(3, 9)), 20, 4);
        assertThat(plan(POLICY, state).work())
                .containsExactly(new Work(0, 1), new Work(1, 5), new Work(2, 2), new Work(3, 1));
    }

    @Test
    void everyDecodingRequestGoesOnInAFullStep() {
        var policy = POLICY.withStepTokens(4);
        var state = new SchedulerState(
                List.of(decoding(0, 6), decoding(1, 6), decoding(2, 6), reading(3, 9, 4)), List.of(), 20, 4);
        assertThat(plan(policy, state).work())
                .containsExactly(new Work(0, 1), new Work(1, 1), new Work(2, 1), new Work(3, 1));
    }

    @Test
    void noMoreThanTheBatchRun() {
        var state = new SchedulerState(
                List.of(decoding(0, 6), decoding(1, 6), decoding(2, 6)), List.of(waiting(3, 2), waiting(4, 2)), 20, 4);
        assertThat(plan(POLICY, state).admitted()).containsExactly(3L);
    }

    @Test
    void theHeadOfTheQueueIsNotOvertaken() {
        var state = new SchedulerState(List.of(decoding(0, 6)), List.of(waiting(1, 40), waiting(2, 2)), 8, 4);
        assertThat(plan(POLICY, state).admitted()).isEmpty();
    }

    @Test
    void pagesPromisedToAPromptAreNotGivenAway() {
        // request 1 still needs 8 pages: 5 are lacking now, or soon
        var state = new SchedulerState(List.of(reading(1, 40, 8)), List.of(waiting(2, 4)), 10, 4);
        assertThat(plan(POLICY, state).admitted()).isEmpty();
        assertThat(plan(POLICY, new SchedulerState(List.of(reading(1, 20, 8)), List.of(waiting(2, 4)), 10, 4))
                        .admitted())
                .containsExactly(2L);
    }

    @Test
    void theNewestIsPreemptedWhenPagesRunOut() {
        // each of the three stands at the border of a page
        var state = new SchedulerState(List.of(decoding(0, 9), decoding(1, 9), decoding(2, 9)), List.of(), 1, 4);
        var plan = plan(POLICY, state);
        assertThat(plan.preempted()).containsExactly(2L);
        assertThat(plan.work()).containsExactly(new Work(0, 1), new Work(1, 1));
    }

    @Test
    void theNewestGivesWayItselfWhenItIsTheOneInNeed() {
        var state = new SchedulerState(List.of(decoding(0, 7), decoding(1, 9)), List.of(), 0, 4);
        var plan = plan(POLICY, state);
        assertThat(plan.preempted()).containsExactly(1L);
        assertThat(plan.work()).containsExactly(new Work(0, 1));
    }

    @Test
    void nobodyJoinsInAStepThatPreempts() {
        var state = new SchedulerState(List.of(decoding(0, 9), decoding(1, 9)), List.of(waiting(5, 1)), 1, 4);
        var plan = plan(POLICY, state);
        assertThat(plan.preempted()).containsExactly(1L);
        assertThat(plan.admitted()).isEmpty();
    }

    @Test
    void promptsThatBlockEachOtherAreResolvedForTheOldest() {
        var state = new SchedulerState(List.of(reading(0, 20, 8), reading(1, 20, 8)), List.of(), 0, 4);
        var plan = plan(POLICY, state);
        assertThat(plan.preempted()).containsExactly(1L);
        assertThat(plan.work()).containsExactly(new Work(0, 8));
    }

    @Test
    void aKnownPrefixIsNotReadAgain() {
        var state = new SchedulerState(List.of(), List.of(waiting(1, 30)), 20, 4, sequence -> new KnownPrefix(24, 6));
        assertThat(plan(POLICY, state).work()).containsExactly(new Work(1, 6));
    }

    @Test
    void idlePagesOfAKnownPrefixAreNoLongerFree() {
        // 8 pages hold 30 tokens and the next one: 6 are known
        for (int idle : new int[] {0, 6}) {
            assertThat(new Scheduler().plan(knowing(idle, 1 + idle), POLICY).admitted())
                    .isEmpty();
            assertThat(plan(POLICY, knowing(idle, 2 + idle)).admitted()).containsExactly(1L);
        }
    }

    private static SchedulerState knowing(int idlePages, int freePages) {
        return new SchedulerState(
                List.of(), List.of(waiting(1, 30)), freePages, 4, sequence -> new KnownPrefix(24, idlePages));
    }

    @Test
    void aPolicyThatCantWorkIsRefused() {
        assertThatThrownBy(() -> POLICY.withStepTokens(3))
                .hasMessageContaining("4")
                .hasMessageContaining("3");
        assertThatThrownBy(() -> POLICY.withChunkTokens(0)).hasMessageContaining("not 0");
        assertThatThrownBy(() -> POLICY.withSparePages(-1)).hasMessageContaining("-1");
        assertThatThrownBy(() -> new SchedulerPolicy(QueueOrder.firstComeFirstServed(), 0, 16, 8, 1))
                .hasMessageContaining("not 0");
        assertThatThrownBy(() -> QueueOrder.priority(0)).hasMessageContaining("above 0");
    }

    @Test
    void ordersOfTheQueue() {
        assertThat(order(QueueOrder.firstComeFirstServed())).containsExactly(0L, 1L, 2L, 3L);
        assertThat(order(QueueOrder.shortestPromptFirst())).containsExactly(3L, 1L, 0L, 2L);
        // 2 arrived after 0, whose wait of 2 s is worth two levels: equal, and 0 came first
        assertThat(order(QueueOrder.priority(1))).containsExactly(3L, 0L, 2L, 1L);
        assertThat(order(QueueOrder.priority(100))).containsExactly(3L, 2L, 0L, 1L);
    }

    private static List<Long> order(QueueOrder order) {
        var queue = new WaitingQueue(order);
        int[][] all = {{9, 0}, {5, 0}, {9, 2}, {1, 5}}; // prompt, priority
        for (int id = 0; id < all.length; id++) {
            queue.add(new Sequence(id, all[id][0], all[id][0], 0, 0, 0, -1, all[id][1], id));
        }
        return new ArrayList<>(queue.sequences().stream().map(Sequence::id).toList());
    }

    @Test
    void whoRanBeforeComesFirst() {
        var queue = new WaitingQueue(QueueOrder.shortestPromptFirst());
        queue.add(waiting(4, 1));
        queue.add(new Sequence(2, 90, 95, 0, 0, 0, 7, 0, 0));
        queue.add(new Sequence(3, 80, 95, 0, 0, 0, 6, 0, 0));
        assertThat(queue.sequences()).extracting(Sequence::id).containsExactly(3L, 2L, 4L);
        assertThat(queue.remove(2)).isTrue();
        assertThat(queue.remove(2)).isFalse();
        assertThat(queue.sequences()).extracting(Sequence::id).containsExactly(3L, 4L);
    }

    @Test
    void plansThatCantBeCarriedOut() {
        var state = new SchedulerState(
                List.of(decoding(0, 9), decoding(1, 6)), List.of(waiting(2, 9), waiting(3, 1)), 2, 4);
        refuse(state, new StepPlan(List.of(5L), List.of(), List.of()), "request 5, which does not run");
        refuse(state, new StepPlan(List.of(), List.of(1L), List.of()), "request 1, which does not wait");
        refuse(state, new StepPlan(List.of(), List.of(3L, 3L), List.of()), "twice");
        refuse(state, new StepPlan(List.of(), List.of(), List.of(new Work(2, 1))), "does not run");
        refuse(state, new StepPlan(List.of(0L), List.of(), List.of(new Work(0, 1))), "does not run");
        refuse(state, new StepPlan(List.of(), List.of(), List.of(new Work(0, 1), new Work(0, 1))), "twice");
        refuse(state, new StepPlan(List.of(), List.of(), List.of(new Work(0, 2))), "which is missing 1");
        refuse(state, new StepPlan(List.of(), List.of(), List.of(new Work(0, 0))), "passes 0 tokens");
        refuse(state, new StepPlan(List.of(), List.of(2L), List.of(new Work(0, 1), new Work(2, 9))), "2 pages more");
        refuse(state, StepPlan.IDLE, "passes no token although 2 requests run and 2 wait");
        refuse(state, null, "null");
        var small = POLICY.withMaxRunning(2).withStepTokens(2);
        assertThatThrownBy(() ->
                        PlanCheck.check(new StepPlan(List.of(), List.of(3L), List.of(new Work(0, 1))), state, small))
                .isInstanceOf(PlanException.class)
                .hasMessageContaining("3 requests run, but at most 2");
        assertThatThrownBy(() -> PlanCheck.check(
                        new StepPlan(List.of(), List.of(2L), List.of(new Work(0, 1), new Work(2, 4))),
                        new SchedulerState(state.running(), state.waiting(), 9, 4),
                        POLICY.withStepTokens(4)))
                .isInstanceOf(PlanException.class)
                .hasMessage("the plan passes 5 tokens, but a step's budget is 4");
    }

    private static void refuse(SchedulerState state, @Nullable StepPlan plan, String reason) {
        assertThatThrownBy(() -> PlanCheck.check(plan, state, POLICY))
                .isInstanceOf(PlanException.class)
                .hasMessageContaining(reason);
    }
}
