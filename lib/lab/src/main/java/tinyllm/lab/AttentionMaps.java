package tinyllm.lab;

import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import tech.tablesaw.api.IntColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;
import tinyllm.lab.attention.HeadHabit;
import tinyllm.lab.attention.MapPainter;
import tinyllm.lab.attention.Pictures;
import tinyllm.lab.attention.TokenLabels;
import tinyllm.lab.view.Film;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;
import tinyllm.tensor.Tensor;

/**
 * The attention weights of one run of a model over one text, for every layer and head (chapter 1.1). They are what the model's own
 * parts computed, a learner's among them. Holds Java numbers only.
 */
public final class AttentionMaps {

    /** Longer texts make maps that nobody can read. */
    public static final int MAX_TOKENS = 96;

    private static final String QUERY = "the token that looks (query)";
    private static final String KEY = "the token that is looked at (key)";

    private final String model;
    private final List<String> labels;
    private final float[][][][] weights; // [layer][head][query][key], NaN where the mask hides the key

    AttentionMaps(String model, List<String> labels, float[][][][] weights) {
        this.model = model;
        this.labels = List.copyOf(labels);
        this.weights = weights;
    }

    /**
     * Runs the model once over the text and keeps every layer's weights.
     *
     * @param text 2 to {@link #MAX_TOKENS} tokens
     */
    public static AttentionMaps of(CausalLm model, String text) {
        int[] tokens = model.tokenizer().encode(text);
        if (tokens.length < 2 || tokens.length > MAX_TOKENS) {
            throw new IllegalArgumentException("a map needs a text of 2 to " + MAX_TOKENS + " tokens, but this one has "
                    + tokens.length + ": write a " + (tokens.length < 2 ? "longer" : "shorter") + " one");
        }
        Map<String, Tensor> traced = model.trace(tokens, List.of(), List.of("self_attn.weights"));
        List<float[][][]> layers = new ArrayList<>();
        traced.values().forEach(weights -> layers.add(visible(weights)));
        return new AttentionMaps(
                model.name(), TokenLabels.of(model.tokenizer(), tokens), layers.toArray(float[][][][]::new));
    }

    /** [H, L, L] with NaN where the key comes after the query. */
    private static float[][][] visible(Tensor weights) {
        int heads = weights.dim(0);
        int length = weights.dim(1);
        float[] flat = weights.toFloats();
        float[][][] out = new float[heads][length][length];
        for (int h = 0; h < heads; h++) {
            for (int i = 0; i < length; i++) {
                for (int j = 0; j < length; j++) {
                    float w = flat[(h * length + i) * length + j];
                    out[h][i][j] = j > i && w == 0 ? Float.NaN : w;
                }
            }
        }
        return out;
    }

    /** The tokens, blanks and newlines made visible. */
    public List<String> tokens() {
        return labels;
    }

    public int numLayers() {
        return weights.length;
    }

    public int numHeads() {
        return weights[0].length;
    }

    /** How much the query at one position looks at the key at another, in 0…1. */
    public double weight(int layer, int head, int query, int key) {
        float w = head(layer, head)[index(query, labels.size(), "token")][index(key, labels.size(), "token")];
        return Float.isNaN(w) ? 0 : w;
    }

    /** One head's map. */
    public Picture map(int layer, int head) {
        float[][] map = head(layer, head);
        return picture(
                "Head " + head + " of layer " + layer + " looks "
                        + HeadHabit.of(map).words(),
                map);
    }

    /** A layer's map: the mean over its heads. */
    public Picture layer(int layer) {
        float[][] map = mean(layer);
        return picture(
                "Layer " + layer + ", mean of " + numHeads() + " heads: looks "
                        + HeadHabit.of(map).words(),
                map);
    }

    /** Every head of a layer beside the others, each with what it mostly does. */
    public Picture grid(int layer) {
        return grid("", layer);
    }

    /**
     * The same for an attention that is not as the model's: its title says what is different.
     *
     * @param how a few words, such as {@code without the scale}
     */
    public Picture grid(String how, int layer) {
        List<float[][]> maps = Arrays.asList(weights[index(layer, numLayers(), "layer")]);
        List<String> captions = IntStream.range(0, maps.size())
                .mapToObj(h -> "head " + h + ": " + HeadHabit.of(maps.get(h)).caption())
                .toList();
        String title = "Layer " + layer + (how.isBlank() ? "" : ", " + how.strip()) + ": what each of " + maps.size()
                + " heads looks at most";
        String footer = "rows: query, columns: key; white 0 %, dark 100 %, grey: hidden by the mask";
        BufferedImage image = MapPainter.grid(title, captions, maps, 1, footer, 2);
        return Pictures.of(image, title + ". " + String.join("; ", captions) + ".");
    }

    /** One map per layer, the mean over its heads, as a film from the first layer to the last. */
    public Film film() {
        List<Picture> frames = new ArrayList<>();
        for (int layer = 0; layer < numLayers(); layer++) {
            String title = String.format(Locale.ROOT, "Layer %d of %d, mean of heads", layer, numLayers());
            frames.add(picture(title, mean(layer)));
        }
        String text = "A film of " + numLayers() + " layers over " + labels.size() + " tokens; " + sinkSentence() + ".";
        return Charts.film(text, frames);
    }

    /** How much of each head's attention goes to the first token: layers by heads. */
    public Picture sinks() {
        float[][] share = new float[numLayers()][numHeads()];
        for (int layer = 0; layer < numLayers(); layer++) {
            for (int h = 0; h < numHeads(); h++) {
                share[layer][h] = (float) HeadHabit.onFirst(weights[layer][h]);
            }
        }
        String title = sentence(sinkSentence());
        MapPainter.Spec spec = new MapPainter.Spec(
                title,
                numbers(numLayers()),
                numbers(numHeads()),
                share,
                1,
                "layer",
                "head",
                "share on the first token");
        return Pictures.of(MapPainter.paint(spec, 2), title + ".");
    }

    /** The mean share that goes to the first token, over all layers, heads and queries but the first; in 0…1. */
    public double onFirst() {
        return Arrays.stream(onFirstByLayer()).average().orElseThrow();
    }

    /** The same for each layer, in percent, with the guess kept under this name as a dashed line. */
    public Picture sinkByLayer(String guess) {
        double[] percent =
                Arrays.stream(onFirstByLayer()).map(share -> share * 100).toArray();
        return Charts.plot(sentence(sinkSentence()), "layer", "% on the first token")
                .series("mean of the heads", percent)
                .guess(guess)
                .picture();
    }

    /** The mean share of each layer, in 0…1. */
    public double[] onFirstByLayer() {
        return IntStream.range(0, numLayers())
                .mapToDouble(layer -> Arrays.stream(weights[layer])
                        .mapToDouble(HeadHabit::onFirst)
                        .average()
                        .orElseThrow())
                .toArray();
    }

    /** The same maps without the first token; what is left of each row is scaled to sum to 1. */
    public AttentionMaps withoutFirst() {
        if (labels.size() < 3) {
            throw new IllegalArgumentException("without its first token a text of 2 tokens has no map left");
        }
        float[][][][] rest = new float[numLayers()][numHeads()][][];
        for (int layer = 0; layer < numLayers(); layer++) {
            for (int h = 0; h < numHeads(); h++) {
                rest[layer][h] = HeadHabit.withoutFirst(weights[layer][h]);
            }
        }
        return new AttentionMaps(model, labels.subList(1, labels.size()), rest);
    }

    /**
     * The map of the head whose query {@code from} looks most at the key {@code to}.
     *
     * @param from a token of the text, with or without its blank: its last occurrence
     * @param to a token before it: its last occurrence there
     */
    public Picture looks(String from, String to) {
        Look best = looking(from, to).getFirst();
        String title = String.format(
                Locale.ROOT,
                "Head %d of layer %d: \"%s\" gives %.0f %% of its attention to \"%s\"",
                best.head(),
                best.layer(),
                from.strip(),
                best.share() * 100,
                to.strip());
        return picture(title, weights[best.layer()][best.head()]);
    }

    /** The heads in which {@code from} looks most at {@code to}, best first; at most eight. */
    public Table strongest(String from, String to) {
        Table table = Table.create(
                from.strip() + " → " + to.strip(),
                IntColumn.create("layer"),
                IntColumn.create("head"),
                StringColumn.create("share"),
                StringColumn.create("mostly looks"));
        for (Look look : looking(from, to).subList(0, Math.min(8, numLayers() * numHeads()))) {
            table.intColumn(0).append(look.layer());
            table.intColumn(1).append(look.head());
            table.stringColumn(2).append(String.format(Locale.ROOT, "%.0f %%", look.share() * 100));
            table.stringColumn(3)
                    .append(HeadHabit.of(weights[look.layer()][look.head()]).words());
        }
        return table;
    }

    /** One head's share from one token to another. */
    private record Look(int layer, int head, double share) {}

    private List<Look> looking(String from, String to) {
        int query = TokenLabels.last(labels, from, labels.size());
        int key = TokenLabels.last(labels, to, query);
        List<Look> looks = new ArrayList<>();
        for (int layer = 0; layer < numLayers(); layer++) {
            for (int h = 0; h < numHeads(); h++) {
                looks.add(new Look(layer, h, weight(layer, h, query, key)));
            }
        }
        looks.sort(Comparator.comparingDouble(Look::share).reversed());
        return looks;
    }

    private static String sentence(String words) {
        return Character.toUpperCase(words.charAt(0)) + words.substring(1);
    }

    private String sinkSentence() {
        return String.format(
                Locale.ROOT, "%.0f %% of all attention goes to \"%s\"", onFirst() * 100, labels.getFirst());
    }

    private Picture picture(String title, float[][] map) {
        return Pictures.of(MapPainter.paint(spec(title, map, 1), 2), title + " (" + model + ").");
    }

    private MapPainter.Spec spec(String title, float[][] map, double max) {
        return new MapPainter.Spec(title, labels, labels, map, max, QUERY, KEY, "share of attention, %");
    }

    private float[][] head(int layer, int head) {
        return weights[index(layer, numLayers(), "layer")][index(head, numHeads(), "head")];
    }

    private float[][] mean(int layer) {
        float[][][] heads = weights[index(layer, numLayers(), "layer")];
        float[][] mean = new float[labels.size()][labels.size()];
        for (float[][] head : heads) {
            for (int i = 0; i < mean.length; i++) {
                for (int j = 0; j < mean.length; j++) {
                    mean[i][j] += head[i][j] / heads.length;
                }
            }
        }
        return mean;
    }

    private static List<String> numbers(int count) {
        return IntStream.range(0, count).mapToObj(Integer::toString).toList();
    }

    private static int index(int value, int count, String what) {
        if (value < 0 || value >= count) {
            throw new IllegalArgumentException(what + " " + value + " is not in 0…" + (count - 1));
        }
        return value;
    }
}
