package tinyllm.bench;

import java.io.IOException;
import java.util.Map;

/** One step of the ladder, each run in a JVM of its own. */
public final class StageRunner implements Runner {

    private final Stage stage;
    private final int requests;

    /** @param requests that are answered one after the other, or together where the step can do that */
    public StageRunner(Stage stage, int requests) {
        if (requests < 1) {
            throw new IllegalArgumentException("--requests must be 1 or more, but is " + requests);
        }
        this.stage = stage;
        this.requests = requests;
    }

    @Override
    public String name() {
        return stage.name();
    }

    @Override
    public void prepare(Plan plan) {}

    @Override
    public Map<String, Object> run(Plan plan) throws IOException, InterruptedException {
        return OurRunner.jvm(StageRow.class, StageRow.arguments(stage, plan, requests), plan.threads());
    }
}
