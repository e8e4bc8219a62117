package tinyllm.engine;

/** Gets a report of every step, on the thread that runs the steps: it should be quick. */
@FunctionalInterface
public interface StepListener {
    void onStep(StepReport report);
}
