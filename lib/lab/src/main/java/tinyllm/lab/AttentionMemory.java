package tinyllm.lab;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import tech.tablesaw.api.Table;
import tinyllm.arrays.AttentionShape;
import tinyllm.arrays.TiledAttentionFn;
import tinyllm.lab.view.Live;
import tinyllm.lab.view.Picture;
import tinyllm.model.ModelConfig;
import tinyllm.nn.Masks;
import tinyllm.nn.ScaledDotProductAttention;
import tinyllm.tensor.DType;
import tinyllm.tensor.Memory;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;

/** The memory that one head's causal attention takes beside its inputs and its result, by the length of the text (chapter 2.4). */
public final class AttentionMemory {

    private static final int DIM = 64;
    private static final int LONGEST = 8_192;

    /** One length: the peak of the array operations, and all that a tiled attention made with {@code new}. */
    public record Point(int tokens, double allScoresKb, double tilesKb) {}

    private final List<Point> points;

    private AttentionMemory(List<Point> points) {
        this.points = List.copyOf(points);
    }

    /**
     * Runs both over random heads of 64 numbers.
     *
     * @param tiled makes the learner's object, which works on one thread
     * @param lengths two or more numbers of tokens, each 2 to 8,192
     */
    public static AttentionMemory of(Supplier<? extends TiledAttentionFn> tiled, int... lengths) {
        if (lengths.length < 2) {
            throw new IllegalArgumentException("a growth needs two lengths or more, not " + lengths.length);
        }
        List<Point> points = new ArrayList<>();
        try (Live live = new Live()) {
            for (int i = 0; i < lengths.length; i++) {
                if (lengths[i] < 2 || lengths[i] > LONGEST) {
                    throw new IllegalArgumentException("a length is 2 to " + LONGEST + " tokens, not " + lengths[i]);
                }
                if (Thread.currentThread().isInterrupted()) {
                    throw new CancellationException("the measurement was interrupted");
                }
                live.progress(lengths[i] + " tokens", i, lengths.length);
                points.add(new Point(lengths[i], unfused(lengths[i]) / 1e3, tiles(tiled.get(), lengths[i]) / 1e3));
            }
            live.progress("looked at", lengths.length, lengths.length);
        }
        return new AttentionMemory(points);
    }

    /** Mask, scores and weights, as chapter 1.1 makes them. */
    private static long unfused(int length) {
        Tensor q = Tensor.normal(1, 1, 1, length, DIM).eval();
        Tensor k = Tensor.normal(2, 1, 1, length, DIM).eval();
        Tensor v = Tensor.normal(3, 1, 1, length, DIM).eval();
        Memory.resetPeak();
        long before = Memory.activeBytes();
        long result = Scope.of(() -> new ScaledDotProductAttention()
                        .attend(q, k, v, new Masks().causal(length, length, DType.F32), 1 / Math.sqrt(DIM))
                        .eval())
                .nbytes();
        return Math.max(0, Memory.peakBytes() - before - result);
    }

    private static long tiles(TiledAttentionFn tiled, int length) {
        float[] q = Tensor.normal(1, length, DIM).toFloats();
        float[] k = Tensor.normal(2, length, DIM).toFloats();
        float[] v = Tensor.normal(3, length, DIM).toFloats();
        AttentionShape few = new AttentionShape(1, 1, 2, 2, DIM, true, 0.125f);
        tiled.attend(q, k, v, few); // loads classes, which takes memory, too
        AttentionShape shape = new AttentionShape(1, 1, length, length, DIM, true, 0.125f);
        long all = Allocated.bytes(() -> tiled.attend(q, k, v, shape));
        return Math.max(1, all - 4L * length * DIM);
    }

    public List<Point> points() {
        return points;
    }

    public Table table() {
        return Tables.of(points);
    }

    /** Both against the length, with the exponents fitted. */
    public Picture chart() {
        Point last = points.getLast();
        double[] x = points.stream().mapToDouble(Point::tokens).toArray();
        double[] all = points.stream().mapToDouble(Point::allScoresKb).toArray();
        double[] tiles = points.stream().mapToDouble(Point::tilesKb).toArray();
        String title = String.format(
                Locale.ROOT,
                "At %,d tokens %,.0f MB for all scores, %.1f kB for tiles",
                last.tokens(),
                last.allScoresKb() / 1e3,
                last.tilesKb());
        return Charts.plot(title, "tokens L", "kB beside inputs and result, one head")
                .logX()
                .logY()
                .series(String.format(Locale.ROOT, "all scores: L^%.1f", Timing.exponent(x, all)), x, all)
                .series(String.format(Locale.ROOT, "tiles: L^%.1f", Math.abs(Timing.exponent(x, tiles))), x, tiles)
                .picture();
    }

    /** What all scores of one layer would take for a text of this length, beside the guess that was made, as a sentence. */
    public static String allScores(ModelConfig config, int tokens, String guess) {
        double gb = 4.0 * config.numAttentionHeads() * tokens * tokens / 1e9;
        String guessed = Lab.prediction(guess)
                .map(p -> String.format(Locale.ROOT, "; your guess: %.3g %s", p.guess(), p.unit()))
                .orElse("");
        return String.format(
                Locale.ROOT,
                "%d heads x %,d x %,d scores x 4 bytes = %.1f GB for one layer%s",
                config.numAttentionHeads(),
                tokens,
                tokens,
                gb,
                guessed);
    }
}
