package tinyllm.lab;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import tech.tablesaw.api.Table;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;
import tinyllm.nn.BlockWeights;
import tinyllm.nn.Linear;
import tinyllm.nn.MlpFn;
import tinyllm.tensor.Tensor;

/** The time of one layer's MLP for one token alone and for many together (chapter 1.4). */
public final class MlpCost {

    private static final int LARGEST = 4096;

    /** One number of tokens: median time, and at what speed weights were read and numbers computed. */
    public record Point(int tokens, double ms, double msPerToken, double weightGbs, double gflops) {}

    private final List<Point> points;
    private final double weightMb;
    private final double ceiling;

    private MlpCost(List<Point> points, double weightMb, double ceiling) {
        this.points = List.copyOf(points);
        this.weightMb = weightMb;
        this.ceiling = ceiling;
    }

    /**
     * Measures the first layer's MLP with the model's float32 weights; medians of five runs.
     *
     * @param mlp makes the learner's object
     * @param tokens how many at once, each 1 to 4096
     */
    public static MlpCost of(CausalLm model, Supplier<? extends MlpFn> mlp, int... tokens) {
        if (tokens.length == 0) {
            throw new IllegalArgumentException("there is no number of tokens to measure: give at least one");
        }
        BlockWeights w = model.weights().layers().getFirst();
        long numbers = size(w.gateProj()) + size(w.upProj()) + size(w.downProj());
        long bytes = w.gateProj().weight().nbytes()
                + w.upProj().weight().nbytes()
                + w.downProj().weight().nbytes();
        List<Point> points = new ArrayList<>();
        for (int n : tokens) {
            if (n < 1 || n > LARGEST) {
                throw new IllegalArgumentException("the number of tokens is 1 to " + LARGEST + ", not " + n);
            }
            Tensor x = Tensor.normal(n, 1, n, model.config().hiddenSize()).eval();
            MlpFn answer = mlp.get();
            double ms = Timing.medianMs(() -> answer.feed(x, w.gateProj(), w.upProj(), w.downProj()));
            points.add(new Point(n, ms, ms / n, bytes / ms / 1e6, 2.0 * numbers * n / ms / 1e6));
        }
        return new MlpCost(points, bytes / 1e6, Ceilings.memoryGbs());
    }

    private static long size(Linear linear) {
        return linear.weight().size();
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

    /** Milliseconds for each token, beside what reading the weights once would take, shared by all tokens. */
    public Picture chart() {
        Point first = points.getFirst();
        Point last = points.getLast();
        String title = String.format(
                Locale.ROOT,
                "%d token%s: %.2f ms each; %d together: %.3f ms each",
                first.tokens(),
                first.tokens() == 1 ? "" : "s",
                first.msPerToken(),
                last.tokens(),
                last.msPerToken());
        double[] x = points.stream().mapToDouble(Point::tokens).toArray();
        double[] floor = points.stream()
                .mapToDouble(p -> weightMb / ceiling / p.tokens())
                .toArray();
        return Charts.plot(title, "tokens at once", "ms per token, one layer's MLP")
                .series(
                        "measured",
                        x,
                        points.stream().mapToDouble(Point::msPerToken).toArray())
                .series(
                        String.format(Locale.ROOT, "reading %.0f MB of weights at %.0f GB/s", weightMb, ceiling),
                        x,
                        floor)
                .logX()
                .logY()
                .picture();
    }
}
