package tinyllm.engine;

/**
 * Decides what one step does (chapter 2.6). Remembers nothing between steps: equal states give equal plans, so that a test or a notebook
 * cell can ask it about any situation.
 *
 * <p>In an engine, any scheduler but the library's may do without the prefix cache: what is known of a waiting text counts as computed.
 * Where it plans nothing because a text is longer than a step's budget, the library reads that text in chunks.
 */
@FunctionalInterface
public interface SchedulerStep {

    /**
     * @return a plan that keeps to the policy's limits and to the free pages, and that does something whenever a request is there
     */
    StepPlan plan(SchedulerState state, SchedulerPolicy policy);
}
