package tinyllm.lab;

import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import tech.tablesaw.api.Table;
import tinyllm.lab.view.Picture;
import tinyllm.model.ModelConfig;

/** What keys and values weigh, token by token (chapter 1.3). */
public final class KvBytes {

    private static final int TEXT = 32_768;

    private record Shape(String model, int layers, int queryHeads, int kvHeads, int headDim) {}

    /** Published shapes. */
    private static final List<Shape> KNOWN = List.of(
            new Shape("Llama 2 7B", 32, 32, 32, 128),
            new Shape("Llama 3 8B", 32, 32, 8, 128),
            new Shape("Qwen2.5 7B", 28, 28, 4, 128),
            new Shape("Qwen2.5 72B", 80, 64, 8, 128),
            new Shape("Qwen2.5 0.5B", 24, 14, 2, 64),
            new Shape("SmolLM2 135M", 30, 9, 3, 64));

    /** One model: two bytes a number. */
    public record Row(String model, int queryHeads, int kvHeads, double kbPerToken, double gbFor32kTokens) {}

    private KvBytes() {}

    /** Bytes that one token's keys and values take over all layers. */
    public static long perToken(int layers, int kvHeads, int headDim, int bytesPerNumber) {
        return 2L * layers * kvHeads * headDim * bytesPerNumber;
    }

    /** Known models by what they keep for each token, 16 bits a number. */
    public static Table models() {
        return Tables.of(KNOWN.stream()
                .map(m -> {
                    long bytes = perToken(m.layers(), m.kvHeads(), m.headDim(), 2);
                    return new Row(m.model(), m.queryHeads(), m.kvHeads(), bytes / 1e3, bytes * TEXT / 1e9);
                })
                .toList());
    }

    /**
     * kB per token against the number of KV heads that this model could have had, 16 bits a number.
     *
     * @param guess the name of a prediction in kB
     */
    public static Picture chart(ModelConfig config, String guess) {
        int heads = config.numAttentionHeads();
        int[] choices =
                IntStream.rangeClosed(1, heads).filter(n -> heads % n == 0).toArray();
        double[] x = IntStream.of(choices).asDoubleStream().toArray();
        double[] y = IntStream.of(choices).mapToDouble(n -> kb(config, n)).toArray();
        int kv = config.numKeyValueHeads();
        String title = String.format(
                Locale.ROOT,
                "%d KV heads keep %.1f kB per token, %d would keep %.1f kB",
                kv,
                kb(config, kv),
                heads,
                kb(config, heads));
        return Charts.plot(title, "KV heads (query heads: " + heads + ")", "kB per token, 16 bits")
                .series("possible", x, y)
                .points("this model", new double[] {kv}, new double[] {kb(config, kv)})
                .guess(guess)
                .picture();
    }

    private static double kb(ModelConfig config, int kvHeads) {
        return perToken(config.numHiddenLayers(), kvHeads, config.headDim(), 2) / 1e3;
    }
}
