package tinyllm.lab;

import org.jspecify.annotations.Nullable;
import tinyllm.engine.SchedulerPolicy;
import tinyllm.engine.SchedulerState;
import tinyllm.engine.SchedulerStep;
import tinyllm.engine.StepPlan;

/** A learner's scheduler whose exception is kept: the engine ends all requests then, and tells of its own failure. */
final class HeardScheduler implements SchedulerStep {

    private final SchedulerStep own;
    private @Nullable RuntimeException thrown;

    HeardScheduler(SchedulerStep own) {
        this.own = own;
    }

    @Override
    public StepPlan plan(SchedulerState state, SchedulerPolicy policy) {
        try {
            return own.plan(state, policy);
        } catch (RuntimeException e) {
            thrown = e;
            throw e;
        }
    }

    /** Throws what the scheduler threw, if it did. */
    void rethrow() {
        if (thrown != null) {
            throw thrown;
        }
    }
}
