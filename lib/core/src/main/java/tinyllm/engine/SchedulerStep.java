package tinyllm.engine;

/**
 * Decides what one step does (chapter 2.6). Remembers nothing between steps: equal states give equal plans, so that a test or a notebook
 * cell can ask it about any situation.
 */
@FunctionalInterface
public interface SchedulerStep {

    /**
     * @return a plan that keeps to the policy's limits and to the free pages, and that does something whenever a request is there
     */
    StepPlan plan(SchedulerState state, SchedulerPolicy policy);
}
