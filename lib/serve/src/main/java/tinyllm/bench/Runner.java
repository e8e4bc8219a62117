package tinyllm.bench;

import java.io.IOException;
import java.util.Map;

/** One engine that a plan is measured on; each run is a fresh process. */
public interface Runner {

    /** The engine's name and version as the table shows it. */
    String name();

    /** Makes ready what the runs need and is not measured. */
    void prepare(Plan plan) throws IOException, InterruptedException;

    /**
     * Runs the plan once.
     *
     * @return the run's numbers, "tokens_per_s" among them
     */
    Map<String, Object> run(Plan plan) throws IOException, InterruptedException;
}
