package tinyllm.lab;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import tech.tablesaw.api.Table;
import tinyllm.lab.view.Picture;
import tinyllm.nn.AttentionFn;
import tinyllm.tensor.Tensor;

/** How long one attention takes as the text grows, beside what this machine's matrix product reaches (chapter 1.1). */
public final class AttentionCost {

    /** Heads and width of a head of Qwen2.5 0.5B. */
    public static final int HEADS = 14;

    public static final int HEAD_DIM = 64;

    private static final int LONGEST = 4096;

    /** One length: median time, operations by it, and the bytes that the weights take. */
    public record Point(int tokens, double ms, double gflops, double weightsMb) {}

    private final List<Point> points;
    private final double ceiling;

    private AttentionCost(List<Point> points, double ceiling) {
        this.points = List.copyOf(points);
        this.ceiling = ceiling;
    }

    /**
     * Measures an attention over random queries, keys and values {@code [1, 14, L, 64]}; each point is the median of five runs
     * after a first one that does not count.
     *
     * @param attention makes the learner's object
     * @param lengths two or more values of L, each 2 to 4096
     */
    public static AttentionCost of(Supplier<? extends AttentionFn> attention, int... lengths) {
        if (lengths.length < 2) {
            throw new IllegalArgumentException("a growth needs two lengths or more, not " + lengths.length);
        }
        AttentionFn answer = attention.get();
        List<Point> points = new ArrayList<>();
        for (int length : lengths) {
            if (length < 2 || length > LONGEST) {
                throw new IllegalArgumentException("a length is 2 to " + LONGEST + " tokens, not " + length);
            }
            points.add(measure(answer, length));
        }
        return new AttentionCost(points, Ceilings.matmulGflops());
    }

    private static Point measure(AttentionFn attention, int length) {
        Tensor q = Tensor.normal(1, 1, HEADS, length, HEAD_DIM).eval();
        Tensor k = Tensor.normal(2, 1, HEADS, length, HEAD_DIM).eval();
        Tensor v = Tensor.normal(3, 1, HEADS, length, HEAD_DIM).eval();
        double ms = Timing.medianMs(() -> attention.attend(q, k, v, null, 1 / Math.sqrt(HEAD_DIM)));
        double scores = (double) HEADS * length * length;
        return new Point(length, ms, 4 * scores * HEAD_DIM / ms / 1e6, scores * Float.BYTES / 1e6);
    }

    /** What was measured, a row for each length. */
    public List<Point> points() {
        return points;
    }

    /** GFLOP/s that this machine's matrix product reached. */
    public double ceilingGflops() {
        return ceiling;
    }

    /** The e in {@code time ∝ L^e}, by least squares over the logarithms. */
    public double exponent() {
        double[] lengths = points.stream().mapToDouble(Point::tokens).toArray();
        return Timing.exponent(lengths, points.stream().mapToDouble(Point::ms).toArray());
    }

    public Table table() {
        return Tables.of(points);
    }

    /** Operations per second against length, with the ceiling as a dashed line. */
    public Picture chart() {
        Point last = points.getLast();
        String title = String.format(
                Locale.ROOT,
                "Time grows as L^%.1f; at %,d tokens %.0f %% of the ceiling",
                exponent(),
                last.tokens(),
                100 * last.gflops() / ceiling);
        double[] x = points.stream().mapToDouble(Point::tokens).toArray();
        double[] y = points.stream().mapToDouble(Point::gflops).toArray();
        return Charts.plot(title, "tokens L", "GFLOP/s")
                .series("attention", x, y)
                .level(String.format(Locale.ROOT, "a matrix product alone: %.0f GFLOP/s", ceiling), ceiling)
                .picture();
    }
}
