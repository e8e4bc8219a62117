package tinyllm.lab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import tech.tablesaw.api.Table;
import tinyllm.arrays.AttentionShape;
import tinyllm.arrays.TiledAttentionFn;
import tinyllm.kernel.CppKernel;
import tinyllm.kernel.FlashAttention;
import tinyllm.kernel.KernelText;
import tinyllm.lab.check.TodoException;
import tinyllm.lab.exercises.flash.cpu.CppAttentionExercise;
import tinyllm.lab.view.Live;
import tinyllm.lab.view.Picture;
import tinyllm.nn.GroupedQueryAttention;
import tinyllm.nn.Masks;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Causal attention of a whole prompt in several ways, by its length, with the heads of Qwen2.5-Coder 0.5B (chapter 2.4). */
public final class AttentionSpeed {

    private static final int HEADS = 14;
    private static final int KV_HEADS = 2;
    private static final int DIM = 64;
    private static final int RUNS = 5;
    private static final int LONGEST = 4_096;

    /** One way at one length: the median of five runs; operations are those that the causal mask leaves. */
    public record Point(String way, int tokens, double ms, double gflops) {}

    private final int[] lengths;
    private final double ceiling;
    private final List<Point> points = new ArrayList<>();

    private AttentionSpeed(int[] lengths) {
        this.lengths = lengths;
        this.ceiling = Ceilings.matmulGflops();
    }

    /** @param lengths two or more numbers of tokens, each 2 to 4,096 */
    public static AttentionSpeed of(int... lengths) {
        if (lengths.length < 2 || Arrays.stream(lengths).anyMatch(n -> n < 2 || n > LONGEST)) {
            throw new IllegalArgumentException(
                    "give two or more lengths of 2 to " + LONGEST + " tokens, not " + Arrays.toString(lengths));
        }
        return new AttentionSpeed(Arrays.stream(lengths).sorted().toArray());
    }

    private static AttentionShape shape(int length) {
        return new AttentionShape(HEADS, KV_HEADS, length, length, DIM, true, 0.125f);
    }

    private static Tensor random(int seed, int heads, int length) {
        return Tensor.normal(seed, 1, heads, length, DIM).eval();
    }

    /** A learner's class, on one core. */
    public AttentionSpeed with(String way, Supplier<? extends TiledAttentionFn> attention) {
        TiledAttentionFn own = attention.get();
        return measure(way, length -> {
            float[] q = random(1, HEADS, length).toFloats();
            float[] k = random(2, KV_HEADS, length).toFloats();
            float[] v = random(3, KV_HEADS, length).toFloats();
            Runnable body = () -> own.attend(q, k, v, shape(length));
            warm(body);
            return Timing.medianMs(RUNS, body);
        });
    }

    /** A learner's C++, on one core, in a process of its own. */
    public AttentionSpeed withCpp(String way, Supplier<? extends KernelText> text) {
        CppKernel kernel = CppKernel.of(TodoException.refuseIn(text.get().text()), CppAttentionExercise.FUNCTION);
        return measure(way, length -> {
            AttentionShape shape = shape(length);
            Tensor[] inputs = CppAttentionExercise.inputs(
                    random(1, HEADS, length).toFloats(),
                    random(2, KV_HEADS, length).toFloats(),
                    random(3, KV_HEADS, length).toFloats(),
                    shape);
            return kernel.time(CppAttentionExercise.outputs(shape), CppAttentionExercise.sizes(shape), RUNS, inputs)
                    / 1e6;
        });
    }

    /** Array operations over all scores, and this lab's own kernel, on all compute threads. */
    public AttentionSpeed withLibraries() {
        measure("array operations", length -> {
            Tensor q = random(1, HEADS, length);
            Tensor k = random(2, KV_HEADS, length);
            Tensor v = random(3, KV_HEADS, length);
            Tensor mask = new Masks().causal(length, length, DType.F32).eval();
            return Timing.medianMs(RUNS, () -> new GroupedQueryAttention().attend(q, k, v, mask, 0.125));
        });
        return measure("ours", length -> {
            Tensor q = random(1, HEADS, length);
            Tensor k = random(2, KV_HEADS, length);
            Tensor v = random(3, KV_HEADS, length);
            return Timing.medianMs(RUNS, () -> FlashAttention.causal(q, k, v, 0.125));
        });
    }

    private interface Measured {
        double ms(int length);
    }

    private AttentionSpeed measure(String way, Measured body) {
        points.removeIf(p -> p.way().equals(way));
        try (Live live = new Live()) {
            for (int i = 0; i < lengths.length; i++) {
                if (Thread.currentThread().isInterrupted()) {
                    throw new CancellationException("the measurement was interrupted");
                }
                live.progress(way + ", " + lengths[i] + " tokens", i, lengths.length);
                double ms = body.ms(lengths[i]);
                double pairs = lengths[i] * (lengths[i] + 1.0) / 2;
                points.add(new Point(way, lengths[i], ms, 4 * HEADS * DIM * pairs / ms / 1e6));
            }
            live.progress(way, lengths.length, lengths.length);
        }
        return this;
    }

    /** Until the compiler has seen the loops; vectors are slow before that. */
    private static void warm(Runnable body) {
        long most = Lab.quick() ? 150_000_000L : 500_000_000L;
        long start = System.nanoTime();
        do {
            body.run();
        } while (System.nanoTime() - start < most);
    }

    public List<Point> points() {
        return List.copyOf(points);
    }

    public Table table() {
        return Tables.of(points);
    }

    /** GFLOP/s against the length, a line for each way, and what a matrix product alone reaches. */
    public Picture chart() {
        Map<String, double[]> ways = new LinkedHashMap<>();
        for (Point p : points) {
            ways.computeIfAbsent(p.way(), way -> new double[lengths.length])[Arrays.binarySearch(lengths, p.tokens())] =
                    p.gflops();
        }
        int last = lengths.length - 1;
        List<Point> longest =
                points.stream().filter(p -> p.tokens() == lengths[last]).toList();
        Point slowest =
                longest.stream().min(Comparator.comparingDouble(Point::gflops)).orElseThrow();
        Point fastest =
                longest.stream().max(Comparator.comparingDouble(Point::gflops)).orElseThrow();
        String title = String.format(
                Locale.ROOT,
                "At %,d tokens \"%s\" is %.0f × as fast as \"%s\"",
                lengths[last],
                fastest.way(),
                fastest.gflops() / slowest.gflops(),
                slowest.way());
        Plot plot = Charts.plot(title, "tokens", "GFLOP/s under the causal mask");
        double[] x = Arrays.stream(lengths).asDoubleStream().toArray();
        ways.forEach((way, gflops) -> plot.series(way, x, gflops));
        return plot.level(String.format(Locale.ROOT, "matrix product: %.0f", ceiling), ceiling)
                .picture();
    }
}
