package tinyllm.engine;

import java.util.List;

/**
 * What happens in one step: first the preempted requests give their pages back and wait again, then the admitted ones join, then the
 * work passes through the model in one call.
 *
 * @param preempted running requests that are taken out
 * @param admitted waiting requests that join
 * @param work whose next tokens pass, at most once each
 */
public record StepPlan(List<Long> preempted, List<Long> admitted, List<Work> work) {

    /** Nothing to do. */
    public static final StepPlan IDLE = new StepPlan(List.of(), List.of(), List.of());

    /**
     * @param sequence whose
     * @param tokens how many of its missing tokens, 1 or more; when none is missing after them, its next token is chosen
     */
    public record Work(long sequence, int tokens) {}

    public StepPlan {
        preempted = List.copyOf(preempted);
        admitted = List.copyOf(admitted);
        work = List.copyOf(work);
    }

    /** Tokens that pass through the model. */
    public int tokens() {
        int sum = 0;
        for (Work w : work) {
            sum += w.tokens();
        }
        return sum;
    }
}
