package tinyllm.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import tinyllm.engine.StepPlan.Work;

/** A scheduler that knows no prefix cache and no chunks, in states that have both: its plan fits, and decides who runs. */
class SchedulerFitTest {

    private static final int PAGE = 4;
    private static final SchedulerPolicy POLICY = new SchedulerPolicy(QueueOrder.firstComeFirstServed(), 3, 10, 10, 0);

    /** Of each waiting text the first so many tokens are known, and nobody holds their pages. */
    private static SchedulerState state(List<Sequence> running, List<Sequence> waiting, int free, int known) {
        return new SchedulerState(
                running,
                waiting,
                free,
                PAGE,
                s -> s.tokens() > known ? new KnownPrefix(known, known / PAGE) : KnownPrefix.NOTHING);
    }

    private static StepPlan checked(SchedulerStep scheduler, SchedulerState state) {
        StepPlan plan = SchedulerFit.of(scheduler).plan(state, POLICY);
        PlanCheck.check(plan, state, POLICY);
        return plan;
    }

    @Test
    void theLibrarysSeesAllItself() {
        Scheduler library = new Scheduler();
        assertThat(SchedulerFit.of(library)).isSameAs(library);
        var queue = new PolicyScheduler(new ShortestWithAgeing(), 1);
        assertThat(SchedulerFit.of(queue)).isEqualTo(queue);
        var own = new PolicyScheduler(new ShortestWithAgeing(), 1, new ContinuousBatching());
        assertThat(((PolicyScheduler) SchedulerFit.of(own)).inner()).isInstanceOf(SchedulerFit.class);
    }

    @Test
    void aKnownPrefixIsNotReadAgain() {
        List<Sequence> waiting = List.of(Sequence.waiting(0, 17, 0), Sequence.waiting(1, 14, 0));
        for (SchedulerStep course : List.of(new ContinuousBatching(), new ChunkedBatching())) {
            StepPlan plan = checked(course, state(List.of(), waiting, 20, 12));
            assertThat(plan.admitted()).containsExactly(0L, 1L);
            assertThat(plan.work()).containsExactly(new Work(0, 5), new Work(1, 2));
        }
    }

    /** Idle pages are free, but whoever joins takes them. */
    @Test
    void knownPagesAreTakenFromTheFreeOnes() {
        List<Sequence> waiting = List.of(Sequence.waiting(0, 14, 0));
        for (SchedulerStep course : List.of(new ContinuousBatching(), new ChunkedBatching())) {
            assertThat(checked(course, state(List.of(), waiting, 4, 12)).admitted())
                    .containsExactly(0L);
            var one = List.of(Sequence.running(7, 2, 3, 2, 1));
            assertThat(checked(course, state(one, waiting, 3, 12)).admitted()).isEmpty();
        }
    }

    /** A scheduler that reads prompts by their length, and looks far back in the queue. */
    @Test
    void workIsCutToWhatIsMissing() {
        List<Sequence> waiting = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            waiting.add(Sequence.waiting(i, 9, 0));
        }
        SchedulerStep last = (state, policy) -> new StepPlan(List.of(), List.of(29L), List.of(new Work(29, 9)));
        assertThat(checked(last, state(List.of(), waiting, 9, 8)).work()).containsExactly(new Work(29, 1));
    }

    /** Chapter 2.6 lets no text join that is longer than a step: the library reads it, and then the scheduler goes on. */
    @Test
    void aTextLongerThanAStepIsReadInChunks() {
        SchedulerStep fit = SchedulerFit.of(new ContinuousBatching());
        List<Sequence> waiting = List.of(Sequence.waiting(0, 25, 0), Sequence.waiting(1, 3, 0));
        StepPlan first = fit.plan(state(List.of(), waiting, 20, 0), POLICY);
        assertThat(first).isEqualTo(new StepPlan(List.of(), List.of(0L), List.of(new Work(0, 10))));

        List<Sequence> queue = List.of(waiting.getLast());
        var begun = List.of(Sequence.running(0, 25, 25, 20, 5));
        assertThat(fit.plan(state(begun, queue, 15, 0), POLICY).work()).containsExactly(new Work(0, 5));

        var read = List.of(Sequence.running(0, 25, 26, 25, 7));
        StepPlan then = fit.plan(state(read, queue, 13, 0), POLICY);
        assertThat(then.work()).as("its own plan").containsExactly(new Work(0, 1), new Work(1, 3));
        var known = state(List.of(), List.of(waiting.getFirst()), 20, 16);
        assertThat(fit.plan(known, POLICY).work()).as("the rest fits").containsExactly(new Work(0, 9));
    }

    @Test
    void otherEmptyPlansStayEmpty() {
        SchedulerStep idle = (state, policy) -> StepPlan.IDLE;
        var fits = state(List.of(), List.of(Sequence.waiting(0, 10, 0)), 20, 0);
        assertThat(SchedulerFit.of(idle).plan(fits, POLICY)).isEqualTo(StepPlan.IDLE);
    }
}
