package tinyllm.lab;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import tech.tablesaw.api.Table;
import tinyllm.lab.view.Picture;
import tinyllm.model.ModelConfig;
import tinyllm.nn.GroupedAttentionFn;
import tinyllm.nn.ScaledDotProductAttention;
import tinyllm.tensor.Tensor;

/** One new token over a long text: sharing the KV heads against repeating them in memory (chapter 1.3). */
public final class GroupedCost {

    private static final int LONGEST = 65_536;

    /** One length: median times, and the speed at which the shared keys and values were read. */
    public record Point(int tokens, double sharedMs, double repeatedMs, double kvMb, double sharedGbs) {}

    private final List<Point> points;
    private final double ceiling;

    private GroupedCost(List<Point> points, double ceiling) {
        this.points = List.copyOf(points);
        this.ceiling = ceiling;
    }

    /**
     * Measures one query over S keys for each length, with the model's heads; medians of five runs.
     *
     * @param attention makes the learner's object
     * @param lengths values of S, each 2 to 65,536
     */
    public static GroupedCost of(Supplier<? extends GroupedAttentionFn> attention, ModelConfig config, int... lengths) {
        List<Point> points = new ArrayList<>();
        for (int s : lengths) {
            if (s < 2 || s > LONGEST) {
                throw new IllegalArgumentException("a length is 2 to " + LONGEST + " tokens, not " + s);
            }
            points.add(measure(attention.get(), config, s));
        }
        if (points.isEmpty()) {
            throw new IllegalArgumentException("there is no length to measure: give at least one");
        }
        return new GroupedCost(points, Ceilings.memoryGbs());
    }

    private static Point measure(GroupedAttentionFn attention, ModelConfig config, int s) {
        int d = config.headDim();
        int kvHeads = config.numKeyValueHeads();
        Tensor q = Tensor.normal(1, 1, config.numAttentionHeads(), 1, d).eval();
        Tensor k = Tensor.normal(2, 1, kvHeads, s, d).eval();
        Tensor v = Tensor.normal(3, 1, kvHeads, s, d).eval();
        double scale = 1 / Math.sqrt(d);
        double shared = Timing.medianMs(() -> attention.attend(q, k, v, null, scale));
        int group = config.numAttentionHeads() / kvHeads;
        double repeated = Timing.medianMs(
                () -> new ScaledDotProductAttention().attend(q, k.repeat(group, 1), v.repeat(group, 1), null, scale));
        double bytes = k.nbytes() + (double) v.nbytes();
        return new Point(s, shared, repeated, bytes / 1e6, bytes / shared / 1e6);
    }

    public List<Point> points() {
        return points;
    }

    /** GB/s at which this machine reads memory. */
    public double ceilingGbs() {
        return ceiling;
    }

    public Table table() {
        return Tables.of(points);
    }

    /** Times against length, and what reading the keys and values once would take. */
    public Picture chart() {
        Point last = points.getLast();
        String title = String.format(
                Locale.ROOT,
                "Over %,d tokens sharing takes %.1f ms, repeating %.1f ms",
                last.tokens(),
                last.sharedMs(),
                last.repeatedMs());
        double[] x = points.stream().mapToDouble(Point::tokens).toArray();
        double[] floor = points.stream().mapToDouble(p -> p.kvMb() / ceiling).toArray();
        return Charts.plot(title, "tokens in the text", "ms for one new token, one layer")
                .series(
                        "shared",
                        x,
                        points.stream().mapToDouble(Point::sharedMs).toArray())
                .series(
                        "repeated",
                        x,
                        points.stream().mapToDouble(Point::repeatedMs).toArray())
                .series(String.format(Locale.ROOT, "read once at %.0f GB/s", ceiling), x, floor)
                .picture();
    }
}
