package tinyllm.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/** Runs a plan on several engines in turn, so that a slow minute of the machine falls on all of them. */
public final class Benchmark {

    private final Plan plan;
    private final List<Runner> runners;
    private final int rounds;

    public Benchmark(Plan plan, List<Runner> runners, int rounds) {
        if (rounds < 1) {
            throw new IllegalArgumentException("--rounds must be 1 or more, but is " + rounds);
        }
        this.plan = plan;
        this.runners = List.copyOf(runners);
        this.rounds = rounds;
    }

    /** @param progress gets a line before each run */
    public Report run(Consumer<String> progress) throws IOException, InterruptedException {
        Map<String, List<Map<String, Object>>> samples = new LinkedHashMap<>();
        for (Runner runner : runners) {
            runner.prepare(plan);
            samples.put(runner.name(), new ArrayList<>());
        }
        if (Machine.load() > 0.5) {
            progress.accept(String.format(
                    Locale.ROOT,
                    "note: something else runs here (load %.1f on %d cores), so these numbers will be low",
                    Machine.load(),
                    Machine.here().cores()));
        }
        for (int round = 1; round <= rounds; round++) {
            for (Runner runner : runners) {
                progress.accept("round " + round + " of " + rounds + ": " + runner.name());
                double load = Machine.load();
                Map<String, Object> row = new LinkedHashMap<>(runner.run(plan));
                row.put("load_before", load);
                samples.computeIfAbsent(runner.name(), name -> new ArrayList<>())
                        .add(row);
            }
        }
        return new Report(plan, Machine.here(), samples);
    }
}
