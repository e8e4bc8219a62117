package tinyllm.lab.exercises.batching;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tinyllm.engine.SchedulerPolicy;
import tinyllm.engine.SchedulerState;
import tinyllm.engine.SchedulerStep;
import tinyllm.engine.Sequence;
import tinyllm.engine.Simulation;
import tinyllm.engine.StepCost;
import tinyllm.engine.StepPlan;
import tinyllm.lab.check.Draw;

/** Drives a learner's scheduler: one situation, or many requests from begin to end. */
final class PlanRun {

    /** Tokens of a page. */
    static final int PAGE = 4;

    private static final int MOST_STEPS = 2_000;

    /** A moment before a step. */
    record Situation(SchedulerPolicy policy, SchedulerState state) {

        /** @param freePages pages of {@value #PAGE} tokens */
        static Situation of(SchedulerPolicy policy, int freePages, List<Sequence> running, List<Sequence> waiting) {
            return new Situation(policy, new SchedulerState(running, waiting, freePages, PAGE));
        }
    }

    /** Requests that all come at once, for pages of {@value #PAGE} tokens. */
    record Load(SchedulerPolicy policy, int pages, List<Simulation.Request> requests) {

        /** So many requests of up to that many tokens of prompt and of answer. */
        static Load drawn(long seed, SchedulerPolicy policy, int pages, int count, int prompt, int answer) {
            Draw draw = new Draw(seed);
            List<Simulation.Request> requests = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                requests.add(new Simulation.Request(0, draw.between(1, prompt), draw.between(1, answer), 0));
            }
            return new Load(policy, pages, requests);
        }
    }

    private PlanRun() {}

    /** What the plan does; in which order it names the requests makes no difference. */
    static Map<String, @Nullable Object> planned(SchedulerStep answer, Situation in) {
        @Nullable StepPlan plan = answer.plan(in.state(), in.policy());
        Map<String, @Nullable Object> seen = new LinkedHashMap<>();
        seen.put(
                "preempted",
                plan == null ? null : plan.preempted().stream().sorted().toList());
        seen.put(
                "admitted",
                plan == null ? null : plan.admitted().stream().sorted().toList());
        seen.put("tokens", plan == null ? null : tokens(plan));
        return seen;
    }

    private static Map<String, Integer> tokens(StepPlan plan) {
        Map<String, Integer> tokens = new TreeMap<>();
        for (StepPlan.Work work : plan.work()) {
            String name = "request " + work.sequence();
            while (tokens.containsKey(name)) {
                name += " again";
            }
            tokens.put(name, work.tokens());
        }
        return tokens;
    }

    /**
     * Serves them all.
     *
     * @throws IllegalStateException when they don't come to an end
     */
    static Map<String, Object> served(SchedulerStep answer, Load load) {
        int[] plans = {0};
        SchedulerStep counted = (state, policy) -> {
            if (++plans[0] > MOST_STEPS) {
                throw new IllegalStateException(
                        "after " + MOST_STEPS + " steps " + state.running().size() + " requests still run and "
                                + state.waiting().size() + " wait: they make no headway");
            }
            return answer.plan(state, policy);
        };
        Iterator<Simulation.Request> source = load.requests().iterator();
        Simulation.Outcome outcome = new Simulation(counted, load.policy(), load.pages(), PAGE, StepCost.of(100, 10))
                .run(source, load.requests().size(), null);
        Map<String, Object> seen = new LinkedHashMap<>();
        seen.put("steps", outcome.steps());
        seen.put("tokens chosen", outcome.outputTokens());
        seen.put("tokens computed", outcome.computedTokens());
        seen.put("preemptions", outcome.preemptions());
        return seen;
    }
}
