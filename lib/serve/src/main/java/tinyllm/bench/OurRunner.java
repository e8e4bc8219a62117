package tinyllm.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** This library in a JVM of its own, with the flags and the class path of this one. */
public final class OurRunner implements Runner {

    private final boolean mine;

    public OurRunner() {
        this(false);
    }

    /** @param mine whether the learner's solved exercises compute, as far as there are any */
    public OurRunner(boolean mine) {
        this.mine = mine;
    }

    @Override
    public String name() {
        return mine ? "tinyllm (mine)" : "tinyllm";
    }

    @Override
    public void prepare(Plan plan) {}

    @Override
    public Map<String, Object> run(Plan plan) throws IOException, InterruptedException {
        return jvm(Row.class, Row.arguments(plan, mine), plan.threads());
    }

    /** The JSON that a class's main method prints, run with the flags and the class path of this JVM. */
    static Map<String, Object> jvm(Class<?> main, List<String> arguments, int threads)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(main.getName());
        command.addAll(arguments);
        return ChildProcess.json(command, threads(threads));
    }

    /** Every library that may run threads of its own reads one of these when it starts. */
    static Map<String, String> threads(int threads) {
        String n = Integer.toString(threads);
        return Map.of("OPENBLAS_NUM_THREADS", n, "OMP_NUM_THREADS", n, "TINYLLM_THREADS", n);
    }
}
