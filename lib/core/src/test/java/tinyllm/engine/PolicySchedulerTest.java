package tinyllm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A policy puts the queue in order, and a wrong one reaches no plan. */
class PolicySchedulerTest {

    private static final SchedulerPolicy ONE = SchedulerPolicy.standard().withMaxRunning(1);
    private static final SchedulerState THREE = new SchedulerState(
            List.of(),
            List.of(Sequence.waiting(3, 100, 0), Sequence.waiting(4, 20, 1), Sequence.waiting(5, 10, 9)),
            100,
            16);

    private static StepPlan plan(PolicyFn policy, double worth) {
        return new PolicyScheduler(policy, worth).plan(THREE, ONE);
    }

    @Test
    void admitsWhoIsFirst() {
        assertThat(plan(new ShortestWithAgeing(), 0).admitted()).containsExactly(5L);
        assertThat(plan(new ShortestWithAgeing(), 5).admitted()).containsExactly(4L);
        assertThat(plan(new ShortestWithAgeing(), 1000).admitted()).containsExactly(3L);
    }

    @Test
    void refusesAnOrderThatIsNone() {
        assertThatThrownBy(() -> plan((waiting, worth) -> List.of(3L, 4L), 1))
                .isInstanceOf(PlanException.class)
                .hasMessageContaining("forgets who waits: [5]");
        assertThatThrownBy(() -> plan((waiting, worth) -> List.of(3L, 3L, 4L), 1))
                .hasMessageContaining("names request 3, which does not wait, or names it twice");
        assertThatThrownBy(() -> plan((waiting, worth) -> List.of(0L, 1L, 2L), 1))
                .hasMessageContaining("names request 0");
        assertThatThrownBy(() -> new PolicyScheduler(new ShortestWithAgeing(), Double.NaN))
                .isInstanceOf(IllegalArgumentException.class);
    }

    /** Shortest first starves a long prompt; any worth above 0 ends that. */
    @Test
    void ageingEndsStarvation() {
        List<Simulation.Request> trace = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            trace.add(new Simulation.Request(0.08 * i, i == 5 ? 300 : 13, 1, 0)); // each takes 0.1 s
        }
        Simulation.Outcome starved = run(trace, 0);
        Simulation.Outcome aged = run(trace, 100);
        assertThat(starved.longestWait()).isGreaterThan(25);
        assertThat(aged.longestWait()).isLessThan(15);
        assertThat(aged.outputTokens()).isEqualTo(starved.outputTokens());
    }

    private static Simulation.Outcome run(List<Simulation.Request> trace, double worth) {
        return new Simulation(new PolicyScheduler(new ShortestWithAgeing(), worth), ONE, 100, 16, StepCost.of(130, 20))
                .run(trace.iterator(), 1000, null);
    }
}
