package tinyllm.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The schedulers of chapters 2.6 and 2.7 beside the engine's: the same where each knows enough, and every request ends. */
class CourseSchedulersTest {

    private static final int PAGE = 4;

    private static SchedulerPolicy policy(int chunk) {
        return new SchedulerPolicy(QueueOrder.firstComeFirstServed(), 5, 64, chunk, 1);
    }

    private static Simulation.Outcome run(SchedulerStep scheduler, SchedulerPolicy policy, int pages, long seed) {
        Random random = new Random(seed);
        List<Simulation.Request> requests = new ArrayList<>();
        double now = 0;
        for (int i = 0; i < 40; i++) {
            now += random.nextDouble() / 4;
            requests.add(new Simulation.Request(now, 1 + random.nextInt(50), 1 + random.nextInt(20), 0));
        }
        return new Simulation(scheduler, policy, pages, PAGE, StepCost.of(200, 20))
                .run(requests.iterator(), requests.size(), null);
    }

    private static List<StepPlan> plans(SchedulerStep scheduler, SchedulerPolicy policy, long seed) {
        List<StepPlan> plans = new ArrayList<>();
        run((state, p) -> add(plans, scheduler.plan(state, p)), policy, 1000, seed);
        return plans;
    }

    private static StepPlan add(List<StepPlan> plans, StepPlan plan) {
        plans.add(plan);
        return plan;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 64})
    void chunksAreTheEnginesWherePagesAbound(int chunk) {
        for (long seed = 0; seed < 20; seed++) {
            assertThat(plans(new ChunkedBatching(), policy(chunk), seed))
                    .isEqualTo(plans(new Scheduler(), policy(chunk), seed));
        }
    }

    @Test
    void wholePromptsAreTheEnginesWhereTheyFit() {
        SchedulerPolicy roomy = policy(5 * 64).withStepTokens(5 * 64);
        for (long seed = 0; seed < 20; seed++) {
            assertThat(plans(new ContinuousBatching(), roomy, seed)).isEqualTo(plans(new Scheduler(), roomy, seed));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {18, 22, 30, 60})
    void everyRequestEndsWithFewPages(int pages) {
        for (long seed = 0; seed < 30; seed++) {
            SchedulerPolicy whole = policy(128).withStepTokens(128);
            Simulation.Outcome continuous = run(new ContinuousBatching(), whole, pages, seed);
            Simulation.Outcome chunked = run(new ChunkedBatching(), policy(8), pages, seed);

            assertThat(continuous.requests()).isEqualTo(40);
            assertThat(chunked.outputTokens()).isEqualTo(continuous.outputTokens());
        }
    }

    @Test
    void somebodyHasToLeaveAndOthersDoNotOvertake() {
        assertThat(run(new ContinuousBatching(), policy(128).withStepTokens(128), 18, 3)
                        .preemptions())
                .isPositive();
        assertThat(run(new ChunkedBatching(), policy(8), 18, 3).preemptions()).isPositive();

        List<Sequence> queue = List.of(Sequence.waiting(0, 90, 0), Sequence.waiting(1, 2, 0));
        assertThat(new HeadOfQueue().join(queue, 5, 64, 100, PAGE)).isZero();
        assertThat(new HeadOfQueue().join(queue, 5, 100, 100, PAGE)).isEqualTo(2);
        assertThat(new FirstPromptFirst().chunks(new int[] {9, 9}, 1, 64, 12)).containsExactly(9, 3);
        assertThat(new FirstPromptFirst().chunks(new int[] {9, 90}, 0, 64, 12)).containsExactly(9, 55);
    }
}
