package tinyllm.lab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import tinyllm.lab.attention.TokenLabels;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;
import tinyllm.nn.BlockWeights;
import tinyllm.nn.NormFn;
import tinyllm.tensor.Tensor;

/**
 * The numbers that flow through a model: what enters each layer, before and after its norm, and how far its gates are open (chapter
 * 1.4). They are what the model's own parts computed, a learner's among them.
 */
public final class Activations {

    private static final int MAX_TOKENS = 64;
    private static final int LOWEST = -14;
    private static final int HIGHEST = 14;
    private static final double ALMOST_ZERO = 1e-12;

    private final CausalLm model;
    private final List<String> labels;
    private final List<Tensor> inputs; // a layer: [L, E]
    private final List<Tensor> gates; // a layer: [L, I]

    private Activations(CausalLm model, List<String> labels, List<Tensor> inputs, List<Tensor> gates) {
        this.model = model;
        this.labels = labels;
        this.inputs = inputs;
        this.gates = gates;
    }

    /**
     * Runs the model once over the text.
     *
     * @param text 2 to 64 tokens
     */
    public static Activations of(CausalLm model, String text) {
        int[] tokens = model.tokenizer().encode(text);
        if (tokens.length < 2 || tokens.length > MAX_TOKENS) {
            throw new IllegalArgumentException(
                    "activations need a text of 2 to " + MAX_TOKENS + " tokens, but this one has " + tokens.length);
        }
        Map<String, Tensor> run = model.trace(tokens, List.of(), List.of("input", "mlp.gate"));
        List<Tensor> inputs = new ArrayList<>();
        List<Tensor> gates = new ArrayList<>();
        for (int layer = 0; layer < model.config().numHiddenLayers(); layer++) {
            inputs.add(Objects.requireNonNull(run.get("layers." + layer + ".input")));
            gates.add(Objects.requireNonNull(run.get("layers." + layer + ".mlp.gate")));
        }
        return new Activations(model, TokenLabels.of(model.tokenizer(), tokens), inputs, gates);
    }

    /** What enters a layer: {@code [L, E]}. */
    public Tensor input(int layer) {
        if (layer < 0 || layer >= inputs.size()) {
            throw new IllegalArgumentException("layer " + layer + " is not in 0…" + (inputs.size() - 1));
        }
        return inputs.get(layer);
    }

    /** How the sizes of the numbers that enter some layers are spread. */
    public Picture before(int... layers) {
        List<double[]> sizes =
                IntStream.of(layers).mapToObj(layer -> sizes(input(layer))).toList();
        return spread("Before the norm", layers, sizes);
    }

    /** The same after each layer's first norm, computed by the given class with the model's weights. */
    public Picture after(Supplier<? extends NormFn> norm, int... layers) {
        List<double[]> sizes = IntStream.of(layers)
                .mapToObj(layer -> {
                    BlockWeights w = model.weights().layers().get(layer);
                    return sizes(norm.get().normalize(input(layer), w.inputNorm(), w.rmsNormEps()));
                })
                .toList();
        return spread("After the norm", layers, sizes);
    }

    private static Picture spread(String when, int[] layers, List<double[]> sizes) {
        if (layers.length == 0) {
            throw new IllegalArgumentException("name one layer or more");
        }
        double[] medians = sizes.stream().mapToDouble(Timing::median).toArray();
        double low = Arrays.stream(medians).min().orElseThrow();
        double high = Arrays.stream(medians).max().orElseThrow();
        String title = String.format(
                Locale.ROOT, "%s the layers' typical sizes lie within a factor of %.1f", when, high / low);
        Plot plot = Charts.plot(title, "size of a number, |x|, as power of 2", "% of the numbers");
        double[] x = IntStream.rangeClosed(LOWEST, HIGHEST).asDoubleStream().toArray();
        for (int i = 0; i < layers.length; i++) {
            plot.series("layer " + layers[i], x, shares(sizes.get(i)));
        }
        return plot.picture();
    }

    /** Percent of the values in each power of two. */
    private static double[] shares(double[] sizes) {
        double[] out = new double[HIGHEST - LOWEST + 1];
        for (double size : sizes) {
            long power = Math.round(Math.log(Math.max(size, ALMOST_ZERO)) / Math.log(2));
            out[(int) Math.clamp(power, LOWEST, HIGHEST) - LOWEST] += 100.0 / sizes.length;
        }
        return out;
    }

    /** The largest size that each channel reaches over all tokens, in what enters one layer. */
    public Picture channels(int layer) {
        double[] most = most(layer);
        double typical = Timing.median(most);
        List<Integer> order = IntStream.range(0, most.length)
                .boxed()
                .sorted(Comparator.comparingDouble(c -> -most[c]))
                .toList();
        int first = order.get(0);
        String title = String.format(
                Locale.ROOT,
                "Layer %d: channel %d reaches %,.0f, %,.0f times the median channel",
                layer,
                first,
                most[first],
                most[first] / typical);
        double[] drawn = Arrays.stream(most).map(v -> Math.max(v, ALMOST_ZERO)).toArray();
        return Charts.plot(title, "channel", "largest |x| over the text")
                .series("channels", drawn)
                .level(String.format(Locale.ROOT, "median %.2g", typical), typical)
                .logY()
                .picture();
    }

    /** The largest giants of a layer: channel, value and the token that carries it. */
    public record Giant(int channel, String token, double value, double timesMedian) {}

    /** The largest channels of what enters a layer, each with the token at which it is largest. */
    public List<Giant> giants(int layer, int count) {
        Tensor x = input(layer);
        float[][] rows = x.toMatrix();
        double[] most = most(layer);
        double typical = Timing.median(sizes(x));
        return IntStream.range(0, most.length)
                .boxed()
                .sorted(Comparator.comparingDouble(c -> -most[c]))
                .limit(count)
                .map(c -> {
                    int at = IntStream.range(0, rows.length)
                            .boxed()
                            .max(Comparator.comparingDouble(t -> Math.abs(rows[t][c])))
                            .orElseThrow();
                    return new Giant(c, labels.get(at), rows[at][c], Math.abs(rows[at][c]) / typical);
                })
                .toList();
    }

    /**
     * How many times larger than the median the largest number is, layer by layer.
     *
     * @param guess the name of a prediction, in times
     */
    public Picture giantsByLayer(String guess) {
        double[] times = IntStream.range(0, inputs.size())
                .mapToDouble(layer -> {
                    double[] sizes = sizes(inputs.get(layer));
                    return Arrays.stream(sizes).max().orElse(0) / Math.max(Timing.median(sizes), ALMOST_ZERO);
                })
                .toArray();
        int peak = IntStream.range(0, times.length)
                .reduce((a, b) -> times[b] > times[a] ? b : a)
                .orElse(0);
        String title = String.format(
                Locale.ROOT, "Entering layer %d the largest number is %,.0f times the median", peak, times[peak]);
        return Charts.plot(title, "layer", "largest |x| / median |x|")
                .series("times", times)
                .guess(guess)
                .logY()
                .picture();
    }

    /** How many of a layer's gates are open, gate(x) &gt; 0, layer by layer. */
    public Picture openGates() {
        double[] open =
                gates.stream().mapToDouble(g -> 100 * g.gt(0).mean().item()).toArray();
        String title = String.format(
                Locale.ROOT,
                "From %.0f to %.0f %% of the gates are open",
                Arrays.stream(open).min().orElse(0),
                Arrays.stream(open).max().orElse(0));
        return Charts.plot(title, "layer", "% of gates with gate(x) > 0")
                .series("open", open)
                .picture();
    }

    private double[] most(int layer) {
        return input(layer).abs().max(0).toDoubles();
    }

    private static double[] sizes(Tensor x) {
        return x.abs().toDoubles();
    }
}
