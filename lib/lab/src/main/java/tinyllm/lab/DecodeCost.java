package tinyllm.lab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CancellationException;
import tech.tablesaw.api.Table;
import tinyllm.kernel.AttentionKernels;
import tinyllm.kernel.FlashAttention;
import tinyllm.kernel.KernelException;
import tinyllm.kernel.KernelRun;
import tinyllm.kernel.host.HostReport;
import tinyllm.lab.exercises.flash.gpu.DecodeKernels;
import tinyllm.lab.view.Picture;
import tinyllm.model.ModelConfig;
import tinyllm.tensor.Device;
import tinyllm.tensor.Tensor;

/**
 * One new token over more and more keys, with a model's heads (chapter 2.5a): what learners' kernels do, counted on the host; and time,
 * on the device that this process has.
 */
public final class DecodeCost {

    private static final double SCALE = 1 / Math.sqrt(DecodeKernels.HEAD);
    private static final int SEGMENT = 128;

    /**
     * One kernel at one length.
     *
     * @param turns keys that the busiest SIMD group reads one after another
     * @param transactions segments of 128 bytes that the SIMD groups ask for
     * @param floor the same if every key and value were asked for once
     */
    public record Point(String kernel, int keys, long turns, long transactions, long floor, long barriers) {}

    private final ModelConfig config;
    private final int[] lengths;
    private final List<Point> points = new ArrayList<>();

    private DecodeCost(ModelConfig config, int... lengths) {
        this.config = config;
        this.lengths = lengths.clone();
    }

    /** @param lengths numbers of keys; the host run takes a few seconds for 512 */
    public static DecodeCost of(ModelConfig config, int... lengths) {
        if (lengths.length == 0) {
            throw new IllegalArgumentException("there is no length to look at: give at least one");
        }
        if (config.headDim() != DecodeKernels.HEAD) {
            throw new IllegalArgumentException("this chapter's kernels have heads of " + DecodeKernels.HEAD
                    + " components, and the model's have " + config.headDim());
        }
        return new DecodeCost(config, lengths);
    }

    /** One more kernel, launched with so many SIMD groups for a head. */
    public DecodeCost with(String name, String source, int groups) {
        for (int keys : lengths) {
            if (Thread.currentThread().isInterrupted()) {
                throw new CancellationException("the measurement was interrupted");
            }
            Tensor[] in = inputs(keys);
            KernelRun run = DecodeKernels.call(source, in[0], in[1], in[2], groups)
                    .options(KeyReaders.watched(keys))
                    .inspect();
            if (!run.report().clean()) {
                throw new KernelException(run.report().sentences());
            }
            points.add(point(name, keys, groups, run.report()));
        }
        return this;
    }

    private Point point(String name, int keys, int groups, HostReport report) {
        int turns = KeyReaders.most(KeyReaders.turns(report.touches(), groups, keys)); // of the first head, as of any
        long floor = 2L * config.numKeyValueHeads() * keys * DecodeKernels.HEAD * Float.BYTES / SEGMENT;
        return new Point(
                name, keys, turns, report.transactions(), floor, report.counts().barriers());
    }

    private Tensor[] inputs(int keys) {
        return new Tensor[] {
            Tensor.normal(1, config.numAttentionHeads(), DecodeKernels.HEAD).eval(),
            Tensor.normal(2, config.numKeyValueHeads(), keys, DecodeKernels.HEAD)
                    .eval(),
            Tensor.normal(3, config.numKeyValueHeads(), keys, DecodeKernels.HEAD)
                    .eval()
        };
    }

    public List<Point> points() {
        return List.copyOf(points);
    }

    public Table table() {
        return Tables.of(points);
    }

    /**
     * Keys that one SIMD group reads one after another, against length: what no number of cores makes shorter.
     *
     * @param guess the name of a prediction
     */
    public Picture turns(String guess) {
        Map<String, double[]> lines = lines(true);
        List<Point> longest = points.stream()
                .filter(p -> p.keys() == lengths[lengths.length - 1])
                .toList();
        String title = longest.size() < 2
                ? "Every key is one more turn"
                : String.format(
                        Locale.ROOT,
                        "%,d keys: %,d turns with %s, %,d with %s",
                        longest.getFirst().keys(),
                        longest.getFirst().turns(),
                        longest.getFirst().kernel(),
                        longest.getLast().turns(),
                        longest.getLast().kernel());
        Plot plot = Charts.plot(title, "keys", "turns of a SIMD group");
        lines.forEach((name, y) -> plot.series(name, x(), y));
        return plot.guess(guess).picture();
    }

    /** Transactions against length, and the fewest that are possible. */
    public Picture transactions() {
        Point last = points.getLast();
        Map<String, double[]> lines = lines(false);
        lines.put(
                "each key and value once",
                points.stream()
                        .filter(p -> p.kernel().equals(last.kernel()))
                        .mapToDouble(Point::floor)
                        .toArray());
        String title = String.format(
                Locale.ROOT,
                "%,d keys: %,d transactions, %.1f times as many as keys and values fill",
                last.keys(),
                last.transactions(),
                (double) last.transactions() / last.floor());
        return Charts.lines(title, "keys", "transactions of 128 bytes", x(), lines);
    }

    private double[] x() {
        return Arrays.stream(lengths).asDoubleStream().toArray();
    }

    private Map<String, double[]> lines(boolean turns) {
        Map<String, List<Double>> lists = new LinkedHashMap<>();
        for (Point p : points) {
            lists.computeIfAbsent(p.kernel(), _ -> new ArrayList<>())
                    .add((double) (turns ? p.turns() : p.transactions()));
        }
        Map<String, double[]> lines = new LinkedHashMap<>();
        lists.forEach((name, values) ->
                lines.put(name, values.stream().mapToDouble(v -> v).toArray()));
        return lines;
    }

    /**
     * Milliseconds of one layer's attention against length, on this process's device: on a GPU the learner's kernel and ours, on a CPU
     * this lab's own CPU kernel, which walks the same way. Medians of five runs.
     */
    public Picture time(String source, int... keys) {
        boolean gpu = Device.current() != Device.CPU;
        Map<String, double[]> lines = new LinkedHashMap<>();
        double[] x = Arrays.stream(keys).asDoubleStream().toArray();
        double[] ours = new double[keys.length];
        double[] own = new double[keys.length];
        double[] floor = new double[keys.length];
        double ceiling = Ceilings.memoryGbs();
        for (int i = 0; i < keys.length; i++) {
            Tensor[] in = inputs(keys[i]);
            Tensor q = in[0].reshape(1, config.numAttentionHeads(), DecodeKernels.HEAD);
            Tensor k = in[1].reshape(1, config.numKeyValueHeads(), keys[i], DecodeKernels.HEAD);
            Tensor v = in[2].reshape(1, config.numKeyValueHeads(), keys[i], DecodeKernels.HEAD);
            if (gpu) {
                own[i] = Timing.medianMs(() -> DecodeKernels.call(source, in[0], in[1], in[2], DecodeKernels.GROUPS)
                        .run()
                        .getFirst());
                ours[i] = Timing.medianMs(() ->
                        AttentionKernels.decode(q, k, v, (float) SCALE).run().getFirst());
            } else {
                Tensor query = q.reshape(1, config.numAttentionHeads(), 1, DecodeKernels.HEAD);
                ours[i] = Timing.medianMs(() -> FlashAttention.causal(query, k, v, SCALE));
            }
            floor[i] = (k.nbytes() + (double) v.nbytes()) / ceiling / 1e6;
        }
        if (gpu) {
            lines.put("yours, GPU", own);
            lines.put("ours, GPU", ours);
        } else {
            lines.put("ours, CPU", ours);
            lines.put(String.format(Locale.ROOT, "keys and values read once at %.0f GB/s", ceiling), floor);
        }
        String title = String.format(
                Locale.ROOT,
                "Time grows as length to the power %.2f: %.2f ms at %,d keys",
                Timing.exponent(x, ours),
                ours[ours.length - 1],
                keys[keys.length - 1]);
        return Charts.lines(title, "keys", "ms, one layer, one token", x, lines);
    }
}
