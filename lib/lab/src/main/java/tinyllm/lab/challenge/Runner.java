package tinyllm.lab.challenge;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tinyllm.lab.challenge.Launcher.Counts;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;

/** One way of a contest, while it runs: prepared on first use, then run again and again. */
final class Runner {

    /** How a way runs. */
    interface Body {
        /** The result, computed; a Tensor or a float[]. */
        Object run();

        /** Milliseconds of one run, the median of so many in a row. */
        default double ms(int runs) {
            long start = System.nanoTime();
            for (int i = 0; i < runs; i++) {
                runIn(this);
            }
            return (System.nanoTime() - start) / 1e6 / runs;
        }

        private static void runIn(Body body) {
            try (Scope scope = Scope.open()) {
                if (body.run() instanceof Tensor tensor) {
                    tensor.eval();
                }
            }
        }
    }

    final String name;
    final boolean yours;
    boolean library;
    String problem = "";
    private final @Nullable Supplier<Body> prepare;
    private final Launcher launcher;
    private final List<Double> times = new ArrayList<>();
    private @Nullable Body body;
    private @Nullable Counts counts;

    Runner(String name, boolean yours, @Nullable Supplier<Body> prepare, Launcher launcher) {
        this.name = name;
        this.yours = yours;
        this.prepare = prepare;
        this.launcher = launcher;
    }

    static Runner absent(String name, String why) {
        Runner runner = new Runner(name, name.equals("yours"), null, new Launcher(true));
        runner.problem = why;
        return runner;
    }

    boolean fit() {
        return problem.isEmpty();
    }

    /** Prepares and runs once; what was counted is of this run. */
    Tensor first() {
        Body made = Objects.requireNonNull(prepare).get();
        body = made;
        Object result = made.run();
        counts = launcher.counts();
        return switch (result) {
            case Tensor tensor -> tensor.eval();
            case float[] values -> Tensor.of(values);
            case null -> throw new IllegalStateException("null was returned instead of a result");
            default -> throw new IllegalStateException("a " + result.getClass().getSimpleName() + " was returned");
        };
    }

    double ms(int runs) {
        return Objects.requireNonNull(body).ms(runs);
    }

    void took(double ms) {
        times.add(ms);
    }

    double medianMs() {
        return times.stream().sorted().toList().get(times.size() / 2);
    }

    Counts counts() {
        return Objects.requireNonNullElse(counts, new Counts(0, 0, 0, 0, 0));
    }
}
