package tinyllm.lab;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import tinyllm.cache.CompressedKvCache;
import tinyllm.cache.KeepFn;
import tinyllm.lab.chart.ColorMap;
import tinyllm.lab.chart.HeatMaps;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;

/** Which tokens of a text a cache with a budget still knows at its end, layer by layer (chapter 4.1). */
public final class KeptTokens {

    private static final int STEP = 8;
    private static final int LABELLED = 8;

    private KeptTokens() {}

    /**
     * A map of layers and tokens; the colour is the share of a layer's KV heads that keep the token.
     *
     * @param text at most 96 tokens are read, eight at a time: a cache forgets between steps
     */
    public static Picture of(CausalLm model, KeepFn choice, String text, int sinks, int heavy, int recent) {
        int[] all = model.tokenizer().encode(text);
        int[] tokens = Arrays.copyOf(all, Math.min(all.length, CacheLoss.most()));
        int layers = model.config().numHiddenLayers();
        int heads = model.config().numKeyValueHeads();
        float[][] kept = new float[layers][tokens.length];
        try (CompressedKvCache cache = new CompressedKvCache(choice, layers, tokens.length, sinks, heavy, recent)) {
            for (int at = 0; at < tokens.length; at += STEP) {
                read(model, Arrays.copyOfRange(tokens, at, Math.min(tokens.length, at + STEP)), cache);
            }
            for (int layer = 0; layer < layers; layer++) {
                for (int head = 0; head < heads; head++) {
                    for (int position : cache.positions(layer, head)) {
                        kept[layer][position] += 1f / heads;
                    }
                }
            }
        }
        long different = IntStream.range(0, tokens.length)
                .filter(t -> Arrays.stream(kept).anyMatch(row -> row[t] > 0))
                .count();
        String title = String.format(
                Locale.ROOT,
                "Each head keeps %d of %d tokens; together they know %d",
                Math.min(tokens.length, sinks + heavy + recent),
                tokens.length,
                different);
        // two rows of the map for a layer, so that it is high enough to be read, and a label for every fourth
        float[][] high = new float[2 * layers][];
        Arrays.setAll(high, i -> kept[i / 2]);
        List<String> rows = IntStream.range(0, high.length)
                .mapToObj(i -> i % LABELLED == 0 ? Integer.toString(i / 2) : "")
                .toList();
        List<String> columns = Arrays.stream(tokens)
                .mapToObj(id -> model.tokenizer().decode(new int[] {id}))
                .toList();
        return HeatMaps.single(title, Tensor.of(high), rows, columns, ColorMap.RISING, "layer", "token");
    }

    private static void read(CausalLm model, int[] step, CompressedKvCache cache) {
        if (Thread.currentThread().isInterrupted()) {
            throw new CancellationException("the run was interrupted");
        }
        try (Scope _ = Scope.open()) {
            model.lastLogits(step, cache).eval();
        }
    }
}
