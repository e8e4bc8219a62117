package tinyllm.lab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import tinyllm.arrays.OnlineMeanFn;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;
import tinyllm.tensor.Tensor;

/**
 * How a running mean of a real text's values comes to its end, tile by tile: the last token's query in every head of a layer
 * (chapter 2.4). Holds Java numbers only.
 */
public final class OnlineWalk {

    private static final int DRAWN = 4;
    private static final double NEAR = 10;

    /** One head: how many keys it took until the mean stayed within 10 % of the final one, and the distance of the end, in percent. */
    public record Head(int head, int keysUntilNear, double distanceAtEnd) {}

    private final int layer;
    private final int[] keys; // seen after each tile
    private final double[][] distances; // [head][tile], percent

    private OnlineWalk(int layer, int[] keys, double[][] distances) {
        this.layer = layer;
        this.keys = keys;
        this.distances = distances;
    }

    /**
     * Runs the model once over the text, then walks over one layer's keys.
     *
     * @param mean makes the learner's object
     * @param text of more tokens than a tile holds
     * @param tile keys of a tile, 1 or more
     */
    public static OnlineWalk of(
            Supplier<? extends OnlineMeanFn> mean, CausalLm model, String text, int layer, int tile) {
        int[] tokens = model.tokenizer().encode(text);
        if (tile < 1 || tokens.length <= tile) {
            throw new IllegalArgumentException("the text has " + tokens.length + " tokens: tiles hold 1 to "
                    + (tokens.length - 1) + " keys, not " + tile);
        }
        if (layer < 0 || layer >= model.config().numHiddenLayers()) {
            throw new IllegalArgumentException("there is no layer " + layer + ": the model has layers 0 to "
                    + (model.config().numHiddenLayers() - 1));
        }
        var traced = model.trace(tokens, List.of(layer), List.of("self_attn.scores", "self_attn.v_proj"));
        Tensor scores = Objects.requireNonNull(traced.get("layers." + layer + ".self_attn.scores")); // [H_q, L, L]
        Tensor values = Objects.requireNonNull(traced.get("layers." + layer + ".self_attn.v_proj")); // [H_kv, L, D]
        int heads = scores.dim(0);
        int group = heads / values.dim(0);
        int d = values.dim(2);
        int[] keys = IntStream.rangeClosed(1, Math.ceilDiv(tokens.length, tile))
                .map(t -> Math.min(t * tile, tokens.length))
                .toArray();
        double[][] distances = new double[heads][];
        for (int h = 0; h < heads; h++) {
            float[] row = scores.at(h, tokens.length - 1).toFloats();
            distances[h] = walk(mean.get(), row, values.at(h / group).toFloats(), d, keys);
        }
        return new OnlineWalk(layer, keys, distances);
    }

    private static double[] walk(OnlineMeanFn mean, float[] scores, float[] values, int d, int[] keys) {
        double[] end = exact(scores, values, d);
        double length = Math.sqrt(Arrays.stream(end).map(x -> x * x).sum());
        double[] distances = new double[keys.length];
        mean.begin(d);
        int from = 0;
        for (int t = 0; t < keys.length; t++) {
            mean.add(Arrays.copyOfRange(scores, from, keys[t]), Arrays.copyOfRange(values, from * d, keys[t] * d));
            from = keys[t];
            float[] now = mean.mean();
            double apart = 0;
            for (int c = 0; c < d; c++) {
                apart += (now[c] - end[c]) * (now[c] - end[c]);
            }
            distances[t] = 100 * Math.sqrt(apart) / length;
        }
        return distances;
    }

    /** The softmax over all scores, then the mean, in double precision. */
    private static double[] exact(float[] scores, float[] values, int d) {
        double max = IntStream.range(0, scores.length)
                .mapToDouble(j -> scores[j])
                .max()
                .orElseThrow();
        double sum = 0;
        double[] mean = new double[d];
        for (int j = 0; j < scores.length; j++) {
            double weight = Math.exp(scores[j] - max);
            sum += weight;
            for (int c = 0; c < d; c++) {
                mean[c] += weight * values[j * d + c];
            }
        }
        double all = sum;
        return Arrays.stream(mean).map(x -> x / all).toArray();
    }

    /** All heads, in order. */
    public List<Head> heads() {
        List<Head> heads = new ArrayList<>();
        for (int h = 0; h < distances.length; h++) {
            heads.add(new Head(h, keysUntilNear(distances[h]), distances[h][keys.length - 1]));
        }
        return heads;
    }

    private int keysUntilNear(double[] distance) {
        int tile = keys.length - 1;
        while (tile > 0 && distance[tile - 1] <= NEAR) {
            tile--;
        }
        return keys[tile];
    }

    /** Distance from the final mean against keys read, for four heads from the one that is near first to the one that is last. */
    public Picture chart() {
        List<Head> byKeys = heads().stream()
                .sorted(Comparator.comparingInt(Head::keysUntilNear))
                .toList();
        Head first = byKeys.getFirst();
        Head last = byKeys.getLast();
        String title = String.format(
                Locale.ROOT,
                "Head %d is near its end after %d of %d keys, head %d after %d",
                first.head(),
                first.keysUntilNear(),
                keys[keys.length - 1],
                last.head(),
                last.keysUntilNear());
        double[] x = Arrays.stream(keys).asDoubleStream().toArray();
        Plot plot = Charts.plot(title, "keys that have passed", "distance from the final mean, % of its length");
        int drawn = Math.min(DRAWN, byKeys.size());
        IntStream.range(0, drawn)
                .map(i -> byKeys.get(i * (byKeys.size() - 1) / Math.max(drawn - 1, 1))
                        .head())
                .distinct()
                .forEach(h -> plot.series("layer " + layer + ", head " + h, x, distances[h]));
        return plot.picture();
    }
}
