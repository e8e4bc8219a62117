package tinyllm.lab;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import tech.tablesaw.api.Table;
import tinyllm.kernel.AttentionKernels;
import tinyllm.kernel.FlashAttention;
import tinyllm.lab.exercises.flash.gpu.PrefillKernels;
import tinyllm.lab.view.Picture;
import tinyllm.model.ModelConfig;
import tinyllm.nn.GroupedQueryAttention;
import tinyllm.nn.Masks;
import tinyllm.tensor.DType;
import tinyllm.tensor.Device;
import tinyllm.tensor.Memory;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;

/** One layer's attention over a prompt, with and without a matrix of scores, on this process's device (chapter 2.5b). */
public final class PrefillCost {

    private static final double SCALE = 1 / Math.sqrt(PrefillKernels.HEAD);
    private static final int RUNS = 3;

    /** A logarithmic axis has no 0. */
    private static final double LEAST_MB = 0.1;

    /** One way at one length: the median time of three runs, and the most memory beyond queries, keys, values and the result. */
    public record Point(String way, int tokens, double ms, double extraMb) {}

    private final List<Point> points;

    private PrefillCost(List<Point> points) {
        this.points = List.copyOf(points);
    }

    /**
     * Measures array operations and this lab's flash attention; on a GPU also the learner's kernel.
     *
     * @param lengths tokens of the prompt, each 2 to 8,192
     */
    public static PrefillCost of(String source, ModelConfig config, int... lengths) {
        List<Point> points = new ArrayList<>();
        for (int length : lengths) {
            if (length < 2 || length > 8_192) {
                throw new IllegalArgumentException("a prompt has 2 to 8,192 tokens here, not " + length);
            }
            measure(points, source, config, length);
        }
        if (points.isEmpty()) {
            throw new IllegalArgumentException("there is no length to measure: give at least one");
        }
        return new PrefillCost(points);
    }

    private static void measure(List<Point> points, String source, ModelConfig config, int length) {
        int heads = config.numAttentionHeads();
        int kvHeads = config.numKeyValueHeads();
        try (Scope _ = Scope.open()) {
            Tensor q = Tensor.normal(1, 1, heads, length, PrefillKernels.HEAD).eval();
            Tensor k = Tensor.normal(2, 1, kvHeads, length, PrefillKernels.HEAD).eval();
            Tensor v = Tensor.normal(3, 1, kvHeads, length, PrefillKernels.HEAD).eval();
            GroupedQueryAttention plain = new GroupedQueryAttention();
            points.add(point(
                    "array operations",
                    length,
                    q.nbytes(),
                    () -> plain.attend(q, k, v, new Masks().causal(length, length, DType.F32), SCALE)));
            if (Device.current() == Device.CPU) {
                points.add(point("ours, CPU", length, q.nbytes(), () -> FlashAttention.causal(q, k, v, SCALE)));
                return;
            }
            Tensor q3 = q.reshape(heads, length, PrefillKernels.HEAD);
            Tensor k3 = k.reshape(kvHeads, length, PrefillKernels.HEAD);
            Tensor v3 = v.reshape(kvHeads, length, PrefillKernels.HEAD);
            points.add(point(
                    "yours, GPU",
                    length,
                    q.nbytes(),
                    () -> PrefillKernels.call(source, q3, k3, v3).run().getFirst()));
            points.add(point(
                    "ours, GPU",
                    length,
                    q.nbytes(),
                    () -> AttentionKernels.prefill(q, k, v, (float) SCALE, true)
                            .run()
                            .getFirst()));
        }
    }

    private static Point point(String way, int length, long result, Supplier<Tensor> body) {
        if (Thread.currentThread().isInterrupted()) {
            throw new CancellationException("the measurement was interrupted");
        }
        double ms = Timing.medianMs(RUNS, body);
        long before = Memory.activeBytes();
        Memory.resetPeak();
        try (Scope _ = Scope.open()) {
            body.get().eval();
        }
        double extra = Math.max(0, Memory.peakBytes() - before - result);
        return new Point(way, length, ms, Math.max(LEAST_MB, extra / 1e6));
    }

    public List<Point> points() {
        return points;
    }

    public Table table() {
        return Tables.of(points);
    }

    /** Time against length, with the fitted exponents. */
    public Picture time() {
        return chart("ms", Point::ms, "Time", "ms, one layer").picture();
    }

    /**
     * The most memory that a way needs beyond what goes in and comes out, with the fitted exponents.
     *
     * @param guess the name of a prediction in MB
     */
    public Picture memory(String guess) {
        return chart("MB", Point::extraMb, "Memory", "MB of arrays beyond inputs and result")
                .guess(guess)
                .picture();
    }

    private Plot chart(String unit, ToDoubleFunction<Point> of, String what, String label) {
        Map<String, List<Point>> ways = new LinkedHashMap<>();
        points.forEach(
                p -> ways.computeIfAbsent(p.way(), _ -> new ArrayList<>()).add(p));
        int longest = points.getLast().tokens();
        String results = points.stream()
                .filter(p -> p.tokens() == longest)
                .map(p -> String.format(Locale.ROOT, "%s %.1f %s", p.way(), of.applyAsDouble(p), unit))
                .collect(Collectors.joining(", "));
        Plot plot = Charts.plot(
                        String.format(Locale.ROOT, "%s at %,d tokens: %s", what, longest, results), "tokens", label)
                .logX()
                .logY();
        ways.forEach((name, line) -> {
            double[] x = line.stream().mapToDouble(Point::tokens).toArray();
            double[] y = line.stream().mapToDouble(of).toArray();
            String power = String.format(Locale.ROOT, " (length to the %.1f)", Timing.exponent(x, y));
            plot.series(x.length < 2 ? name : name + power, x, y);
        });
        return plot;
    }
}
