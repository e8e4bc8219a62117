package tinyllm.lab;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;
import tinyllm.tensor.Tensor;

/**
 * How long the vectors of the residual stream are, layer by layer, and what attention and MLP add to them (chapter 1.5). Holds Java
 * numbers only.
 */
public final class ResidualStream {

    /** A text that takes seconds, not minutes. */
    public static final int MAX_TOKENS = 256;

    private final String model;
    private final String firstToken;
    private final double[][] stream; // [stage][token], stage 0 is the embedding
    private final double[][] attention; // [layer][token]
    private final double[][] mlp; // [layer][token]

    private ResidualStream(String model, String firstToken, double[][] stream, double[][] attention, double[][] mlp) {
        this.model = model;
        this.firstToken = firstToken;
        this.stream = stream;
        this.attention = attention;
        this.mlp = mlp;
    }

    /**
     * Runs the model once over the text and measures every vector.
     *
     * @param text 2 to {@link #MAX_TOKENS} tokens
     */
    public static ResidualStream of(CausalLm model, String text) {
        int[] ids = model.tokenizer().encode(text);
        if (ids.length < 2 || ids.length > MAX_TOKENS) {
            throw new IllegalArgumentException(
                    "the text must have 2 to " + MAX_TOKENS + " tokens, but it has " + ids.length);
        }
        Map<String, Tensor> traced =
                model.trace(ids, List.of(), List.of("embed", "residual", "self_attn.out", "mlp.out"));
        return new ResidualStream(
                model.name(),
                Tokens.labels(model.tokenizer(), ids[0]).getFirst(),
                lengths(traced, "embed", ".residual"),
                lengths(traced, ".self_attn.out"),
                lengths(traced, ".mlp.out"));
    }

    private static double[][] lengths(Map<String, Tensor> traced, String... endings) {
        return traced.entrySet().stream()
                .filter(e -> Arrays.stream(endings).anyMatch(e.getKey()::endsWith))
                .map(e -> e.getValue().square().sum(-1).sqrt().toDoubles())
                .toArray(double[][]::new);
    }

    /** The length of a token's vector after so many layers; 0 is the embedding. */
    public double length(int layersDone, int token) {
        return stream[layersDone][token];
    }

    /** The median over all tokens but the first, after so many layers. */
    public double typical(int layersDone) {
        return median(stream[layersDone]);
    }

    /** The vectors' lengths: the first token, and the median of the others. */
    public Picture lengths() {
        double[] first = Arrays.stream(stream).mapToDouble(s -> s[0]).toArray();
        int peak = IntStream.range(0, first.length)
                .reduce((a, b) -> first[b] > first[a] ? b : a)
                .orElse(0);
        String title = String.format(
                Locale.ROOT,
                "Vectors grow from %.2g to %.3g; the first token's to %,.0f in layer %d",
                typical(0),
                typical(stream.length - 1),
                first[peak],
                Math.max(0, peak - 1));
        return Charts.plot(title, "layers done (" + model + ")", "length of the vector")
                .series("first token, \"" + firstToken + "\"", first)
                .series("median of the other tokens", medians(stream))
                .logY()
                .picture();
    }

    /** What attention and MLP of each layer add, beside the stream that they add it to; medians over all tokens but the first. */
    public Picture additions() {
        double[] share = IntStream.range(0, mlp.length)
                .mapToDouble(i -> (median(attention[i]) + median(mlp[i])) / typical(i))
                .toArray();
        int strongest = IntStream.range(0, share.length)
                .reduce((a, b) -> share[b] > share[a] ? b : a)
                .orElse(0);
        String title = String.format(
                Locale.ROOT,
                "The median layer adds %.0f %% of the stream's length, layer %d most",
                100 * Timing.median(share),
                strongest);
        return Charts.plot(title, "layer", "length of the vector")
                .series("the stream before the layer", Arrays.copyOf(medians(stream), mlp.length))
                .series("attention adds", medians(attention))
                .series("the MLP adds", medians(mlp))
                .logY()
                .picture();
    }

    private static double[] medians(double[][] lengths) {
        return Arrays.stream(lengths).mapToDouble(ResidualStream::median).toArray();
    }

    /** Over all tokens but the first, which is the attention sink. */
    private static double median(double[] lengths) {
        return Timing.median(Arrays.copyOfRange(lengths, 1, lengths.length));
    }
}
