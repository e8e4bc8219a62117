package tinyllm.lab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.function.ToDoubleFunction;
import tech.tablesaw.api.Table;
import tinyllm.kernel.KernelCall;
import tinyllm.kernel.KernelException;
import tinyllm.kernel.KernelRun;
import tinyllm.lab.exercises.flash.gpu.DecodeKernels;
import tinyllm.lab.exercises.paged.PagedInputs;
import tinyllm.lab.exercises.paged.PagedKernels;
import tinyllm.lab.view.Picture;
import tinyllm.model.ModelConfig;
import tinyllm.tensor.Tensor;

/**
 * One new token over keys in pages of 16, with a model's heads (chapter 3.2): the learner's copy followed by a walk over one piece, against
 * the learner's walk straight over the pages. Counted on the host.
 */
public final class GatherCost {

    private static final int PAGE = 16;
    private static final double MB = 1e6;

    /**
     * Bytes that device memory moves, in millions, at one length.
     *
     * @param copied by the copy alone: read in pages and written in one piece
     * @param gatherFirst the copy and the walk over it
     * @param direct the walk over the pages
     * @param once keys and values, each read once
     */
    public record Point(int keys, double copied, double gatherFirst, double direct, double once) {}

    private final List<Point> points = new ArrayList<>();

    private GatherCost() {}

    /**
     * Runs both at each length.
     *
     * @param gather a kernel as exercise "3.2 gather" asks for
     * @param decode a kernel as exercise "3.2 decode" asks for
     * @param lengths numbers of keys; the host run takes a few seconds for 512
     */
    public static GatherCost of(ModelConfig config, String gather, String decode, int... lengths) {
        if (lengths.length == 0) {
            throw new IllegalArgumentException("there is no length to look at: give at least one");
        }
        if (config.headDim() != PagedInputs.HEAD) {
            throw new IllegalArgumentException("this chapter's kernels have heads of " + PagedInputs.HEAD
                    + " components, and the model's have " + config.headDim());
        }
        GatherCost cost = new GatherCost();
        for (int keys : lengths) {
            if (Thread.currentThread().isInterrupted()) {
                throw new CancellationException("the measurement was interrupted");
            }
            cost.points.add(point(config, gather, decode, keys));
        }
        return cost;
    }

    private static Point point(ModelConfig config, String gather, String decode, int keys) {
        PagedInputs in = PagedInputs.draw(keys, config.numAttentionHeads(), config.numKeyValueHeads(), PAGE, 1, keys);
        KernelRun k = clean(PagedKernels.gatherCall(gather, in.k(), in.table(0), keys));
        KernelRun v = clean(PagedKernels.gatherCall(gather, in.v(), in.table(0), keys));
        Tensor q = in.q().reshape(in.heads(), PagedInputs.HEAD);
        KernelRun walk = clean(DecodeKernels.call(
                DecodeKernels.shared().text(),
                q,
                k.outputs().getFirst(),
                v.outputs().getFirst(),
                DecodeKernels.GROUPS));
        KernelRun direct =
                clean(PagedKernels.call(decode, in.q(), in.k(), in.v(), in.table(), in.counts(), PagedKernels.GROUPS));
        double copied = k.report().deviceBytes() + (double) v.report().deviceBytes();
        double once = 2.0 * keys * in.kvHeads() * PagedInputs.HEAD * Float.BYTES;
        return new Point(
                keys,
                copied / MB,
                (copied + walk.report().deviceBytes()) / MB,
                direct.report().deviceBytes() / MB,
                once / MB);
    }

    private static KernelRun clean(KernelCall call) {
        KernelRun run = call.inspect();
        if (!run.report().clean()) {
            throw new KernelException(run.report().sentences());
        }
        return run;
    }

    public List<Point> points() {
        return List.copyOf(points);
    }

    public Table table() {
        return Tables.of(points);
    }

    /**
     * Bytes against length.
     *
     * @param guess the name of a prediction in MB
     */
    public Picture chart(String guess) {
        Point last = points.getLast();
        String title = String.format(
                Locale.ROOT,
                "%,d keys: the copy alone moves %.2f MB, and leaves the walk as it was",
                last.keys(),
                last.copied());
        return Charts.plot(title, "keys", "MB moved, one layer, one token")
                .series("with a copy", x(), column(Point::gatherFirst))
                .series("from pages", x(), column(Point::direct))
                .series("copy alone", x(), column(Point::copied))
                .series("each byte once", x(), column(Point::once))
                .guess(guess)
                .picture();
    }

    private double[] x() {
        return points.stream().mapToDouble(Point::keys).toArray();
    }

    private double[] column(ToDoubleFunction<Point> value) {
        return points.stream().mapToDouble(value).toArray();
    }

    /** Lengths, for a message. */
    @Override
    public String toString() {
        return Arrays.toString(points.stream().mapToInt(Point::keys).toArray());
    }
}
