package tinyllm.lab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import tech.tablesaw.api.Table;
import tinyllm.kernel.KernelSet;
import tinyllm.lab.view.Live;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;
import tinyllm.model.LoadListener;
import tinyllm.model.Models;
import tinyllm.model.TextQuality;
import tinyllm.nn.AttentionWeights;
import tinyllm.nn.BlockFn;
import tinyllm.nn.BlockWeights;
import tinyllm.nn.EmbeddingFn;
import tinyllm.nn.Linear;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;
import tinyllm.weights.AffineQuantization;

/**
 * What a model loses when all its matrices are quantized anew: perplexity, divergence from the weights of its file, and how often the
 * most likely token stays the same (chapter 2.2). Layer by layer, so that no second copy of the model is held.
 */
public final class QuantizationLoss {

    /** @param activations "float" or "int8" */
    public record Row(
            int bits,
            int group,
            String activations,
            double mb,
            double perplexity,
            double kl,
            double agreementPercent) {}

    private final CausalLm model;
    private final int[] tokens;
    private final Tensor base;
    private final TextQuality stored;
    private final List<Row> rows = new ArrayList<>();

    private QuantizationLoss(CausalLm model, int[] tokens, Tensor base) {
        this.model = model;
        this.tokens = tokens;
        this.base = base;
        this.stored = TextQuality.of(base, null, tokens);
    }

    /**
     * Reads the text with the weights as the file has them.
     *
     * @param text at least two tokens; of a longer one the first 128 (48 in quick mode)
     */
    public static QuantizationLoss of(CausalLm model, String text) {
        int most = Lab.quick() ? 48 : 128;
        int[] all = model.tokenizer().encode(text);
        if (all.length < 2) {
            throw new IllegalArgumentException("the text has " + all.length + " tokens; two or more are needed");
        }
        int[] tokens = Arrays.copyOf(all, Math.min(most, all.length));
        return new QuantizationLoss(
                model, tokens, Scope.escape(model.logits(tokens).eval()));
    }

    /** Tokens that are read. */
    public int tokens() {
        return tokens.length;
    }

    /** Perplexity with the weights as the file has them. */
    public double storedPerplexity() {
        return stored.perplexity();
    }

    public List<Row> rows() {
        return List.copyOf(rows);
    }

    /** Measures groups of this size with each number of bits; activations stay float32, as in MLX's own kernels. */
    public QuantizationLoss measure(int group, int... bits) {
        try (Live live = new Live()) {
            for (int i = 0; i < bits.length; i++) {
                live.progress("groups of " + group + ", " + bits[i] + " bits", i, bits.length);
                AffineQuantization form = new AffineQuantization(bits[i], group);
                add(form, "float", coarse(model, form));
            }
            live.progress("groups of " + group, bits.length, bits.length);
        }
        return this;
    }

    /** The same weights on this lab's own kernels, which also turn activations into int8. */
    public QuantizationLoss measureInt8(int group, int... bits) {
        try (Live live = new Live()) {
            for (int i = 0; i < bits.length; i++) {
                live.progress("int8 activations, " + bits[i] + " bits", i, bits.length);
                AffineQuantization form = new AffineQuantization(bits[i], group);
                add(form, "int8", Models.load(model.name(), KernelSet.OWN, form, LoadListener.NONE));
            }
            live.progress("int8 activations", bits.length, bits.length);
        }
        return this;
    }

    private void add(AffineQuantization form, String activations, CausalLm coarse) {
        if (Thread.currentThread().isInterrupted()) {
            throw new CancellationException("the measurement was interrupted");
        }
        try (Scope _ = Scope.open()) {
            TextQuality q = TextQuality.of(coarse.logits(tokens), base, tokens);
            double mb = Models.fileBytes(model.name(), form) / 1e6;
            rows.removeIf(r -> r.bits() == form.bits()
                    && r.group() == form.groupSize()
                    && r.activations().equals(activations));
            rows.add(new Row(
                    form.bits(), form.groupSize(), activations, mb, q.perplexity(), q.kl(), 100 * q.agreement()));
        }
    }

    public Table table() {
        return Tables.of(rows);
    }

    /** Perplexity against the bytes of the weights; the file's own as a dashed line. */
    public Picture perplexity() {
        Row best = row(4);
        String title = String.format(
                Locale.ROOT,
                "%d bits in %.0f MB: perplexity %.1f, %.1f with the file's weights",
                best.bits(),
                best.mb(),
                best.perplexity(),
                stored.perplexity());
        return series(Charts.plot(title, "MB of weights", "perplexity").logY(), Row::perplexity)
                .level(String.format(Locale.ROOT, "the file's weights: %.1f", stored.perplexity()), stored.perplexity())
                .picture();
    }

    /** Divergence against the bytes of the weights. */
    public Picture divergence() {
        Row four = row(4);
        Row two = row(2);
        String title = String.format(
                Locale.ROOT,
                "With %d bits %.3f nats a token are lost, with %d bits %.1f",
                four.bits(),
                four.kl(),
                two.bits(),
                two.kl());
        // A logarithmic axis has no 0
        return series(
                        Charts.plot(title, "MB of weights", "KL divergence, nats a token")
                                .logY(),
                        r -> Math.max(1e-6, r.kl()))
                .picture();
    }

    /**
     * How often the most likely token stays the same.
     *
     * @param guess the name of a prediction in percent
     */
    public Picture agreement(String guess) {
        Row four = row(4);
        String title = String.format(
                Locale.ROOT,
                "With %d bits %.0f %% of the tokens would still be the same",
                four.bits(),
                four.agreementPercent());
        return series(Charts.plot(title, "MB of weights", "same most likely token, %"), Row::agreementPercent)
                .guess(guess)
                .picture();
    }

    private Plot series(Plot plot, ToDoubleFunction<Row> y) {
        for (String activations : List.of("float", "int8")) {
            for (int group : new int[] {32, 64, 128}) {
                List<Row> line = rows.stream()
                        .filter(r -> r.group() == group && r.activations().equals(activations))
                        .sorted(Comparator.comparingDouble(Row::mb))
                        .toList();
                if (!line.isEmpty()) {
                    plot.series(
                            (activations.equals("int8") ? "int8 activations, " : "") + "groups of " + group,
                            line.stream().mapToDouble(Row::mb).toArray(),
                            line.stream().mapToDouble(y).toArray());
                }
            }
        }
        return plot;
    }

    /** With these bits, or the nearest that were measured; float activations and groups of 64 first. */
    private Row row(int bits) {
        return rows.stream()
                .min(Comparator.comparingInt((Row r) -> Math.abs(r.bits() - bits))
                        .thenComparing(r -> r.activations().equals("int8"))
                        .thenComparingInt(r -> Math.abs(r.group() - 64)))
                .orElseThrow(() -> new IllegalStateException("nothing was measured yet: call measure first"));
    }

    /** The same model, each of whose matrices is quantized and dequantized when it is used. */
    static CausalLm coarse(CausalLm model, AffineQuantization form) {
        BlockFn block = model.parts().block();
        EmbeddingFn table = model.parts().embedding();
        EmbeddingFn rounding = new EmbeddingFn() {
            @Override
            public Tensor embed(Tensor weight, int[] ids) {
                return rounded(table.embed(weight, ids), form);
            }

            @Override
            public Tensor asLinear(Tensor weight, Tensor x) {
                return table.asLinear(rounded(weight, form), x);
            }
        };
        return model.with(() -> rounding).with(() ->
                (BlockFn) (x, w, mask, offset, parts) -> block.apply(x, rounded(w, form), mask, offset, parts));
    }

    private static BlockWeights rounded(BlockWeights w, AffineQuantization form) {
        AttentionWeights a = w.attention();
        AttentionWeights attention = new AttentionWeights(
                rounded(a.qProj(), form),
                rounded(a.kProj(), form),
                rounded(a.vProj(), form),
                rounded(a.oProj(), form),
                a.qNorm(),
                a.kNorm(),
                a.numHeads(),
                a.numKvHeads(),
                a.headDim(),
                a.ropeTheta(),
                a.ropeTraditional(),
                a.rmsNormEps());
        return new BlockWeights(
                w.index(),
                w.inputNorm(),
                attention,
                w.postAttentionNorm(),
                rounded(w.gateProj(), form),
                rounded(w.upProj(), form),
                rounded(w.downProj(), form),
                w.rmsNormEps());
    }

    private static Linear rounded(Linear linear, AffineQuantization form) {
        return new Linear(rounded(linear.weight(), form), linear.bias());
    }

    private static Tensor rounded(Tensor matrix, AffineQuantization form) {
        int cols = matrix.dim(-1);
        AffineQuantization fitting = form.fitting(cols);
        if (fitting == null) {
            return matrix;
        }
        float[] values = matrix.toFloats();
        IntStream.range(0, values.length / cols).parallel().forEach(r -> fitting.roundInHalf(values, r * cols, cols));
        return Tensor.of(values, matrix.shape());
    }
}
