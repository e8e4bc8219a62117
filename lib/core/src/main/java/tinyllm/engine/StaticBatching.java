package tinyllm.engine;

import java.util.ArrayList;
import java.util.List;

/**
 * What continuous batching replaces: a batch is filled, read and decoded, and the next one begins when its last member has ended. Here
 * finished members leave the batch; a padded batch, whose finished rows stay in, is this one with equally long answers.
 */
public final class StaticBatching implements SchedulerStep {

    private final Scheduler scheduler = new Scheduler();

    @Override
    public StepPlan plan(SchedulerState state, SchedulerPolicy policy) {
        if (decodingBegan(state)) {
            return scheduler.plan(alone(state, state.running(), state.freePages()), policy);
        }
        List<Sequence> reading =
                state.running().stream().filter(s -> !s.decoding()).toList();
        // those that are read already wait for the others, and keep their places
        SchedulerPolicy places = policy.withMaxRunning(
                Math.max(1, policy.maxRunning() - (state.running().size() - reading.size())));
        SchedulerState filling =
                new SchedulerState(reading, state.waiting(), state.freePages(), state.pageTokens(), state.prefixes());
        boolean full = state.running().size() >= policy.maxRunning();
        StepPlan plan = scheduler.plan(full ? alone(state, reading, state.freePages()) : filling, places);
        return plan.work().isEmpty() ? scheduler.plan(alone(state, state.running(), state.freePages()), policy) : plan;
    }

    /** A batch is complete when one of its members got a second token, or when everybody is read and nobody can join. */
    private static boolean decodingBegan(SchedulerState state) {
        return state.running().stream().anyMatch(s -> s.tokens() > s.promptTokens() + 1);
    }

    private static SchedulerState alone(SchedulerState state, List<Sequence> running, int free) {
        return new SchedulerState(new ArrayList<>(running), List.of(), free, state.pageTokens(), state.prefixes());
    }
}
