package tinyllm.server.notebook;

import org.jspecify.annotations.Nullable;
import tinyllm.engine.SchedulerStep;

/** What a learner's code threw first, on whichever thread: clients hear that something failed, and the cell what it was. */
final class Heard {

    private @Nullable RuntimeException thrown;

    SchedulerStep scheduler(SchedulerStep own) {
        return (state, policy) -> {
            try {
                return own.plan(state, policy);
            } catch (RuntimeException e) {
                note(e);
                throw e;
            }
        };
    }

    synchronized void note(RuntimeException e) {
        if (thrown == null) {
            thrown = e;
        }
    }

    /** Once. */
    synchronized void rethrow() {
        RuntimeException e = thrown;
        thrown = null;
        if (e != null) {
            throw e;
        }
    }
}
