package tinyllm.lab;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import tinyllm.lab.rope.RotationPainter;
import tinyllm.lab.rope.RotationPainter.Dial;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;
import tinyllm.model.ModelConfig;
import tinyllm.nn.RopeFn;
import tinyllm.tensor.Tensor;

/**
 * What rotary position embedding does to the queries and keys of a real text (chapter 1.2). They are kept as the model's
 * projections made them, before any rotation; each picture rotates them by the given part, a learner's too.
 */
public final class RopeViews {

    private static final int POSITIONS = 12;
    private static final int DISTANCES = 33;
    private static final int FURTHER = 1000;
    private static final double NEAR = 8;

    private final ModelConfig config;
    private final List<Tensor> queries; // by layer, [H_q, L, D]
    private final List<Tensor> keys; // by layer, [H_kv, L, D]

    private RopeViews(ModelConfig config, List<Tensor> queries, List<Tensor> keys) {
        this.config = config;
        this.queries = queries;
        this.keys = keys;
    }

    /**
     * Runs the model once over the text.
     *
     * @param text 2 to 96 tokens
     */
    public static RopeViews of(CausalLm model, String text) {
        int[] tokens = model.tokenizer().encode(text);
        if (tokens.length < 2 || tokens.length > AttentionMaps.MAX_TOKENS) {
            throw new IllegalArgumentException("this needs a text of 2 to " + AttentionMaps.MAX_TOKENS
                    + " tokens, but the text has " + tokens.length);
        }
        List<Tensor> queries = new ArrayList<>();
        List<Tensor> keys = new ArrayList<>();
        Map<String, Tensor> traced = model.trace(tokens, List.of(), List.of("self_attn.q_proj", "self_attn.k_proj"));
        traced.forEach((name, tensor) -> (name.endsWith("q_proj") ? queries : keys).add(tensor));
        return new RopeViews(model.config(), queries, keys);
    }

    /** Some pairs of one real query, put at positions 0, 1, 2 … by this rotation. */
    public Picture turning(RopeFn rope) {
        int d = config.headDim();
        Tensor query = queries.getFirst().at(0).slice(0, 1, 2); // [1, D]
        Tensor[] copies = IntStream.range(0, POSITIONS).mapToObj(p -> query).toArray(Tensor[]::new);
        float[][] turned = rotate(rope, Tensor.concat(0, copies), 0).toMatrix();
        List<Dial> dials = new ArrayList<>();
        for (int pair : new int[] {0, 1, 2, 4, d / 8, d / 4, 3 * d / 8, d / 2 - 1}) {
            List<double[]> points = new ArrayList<>();
            for (float[] row : turned) {
                points.add(pair(row, pair));
            }
            dials.add(new Dial("pair " + pair + ": " + degrees(pair), points));
        }
        String title = "The same query at positions 0 to " + (POSITIONS - 1) + ": each pair turns at its own speed";
        String footer =
                "degrees per token; light: position 0, dark: position " + (POSITIONS - 1) + "; all at one length";
        return RotationPainter.paint(
                title,
                dials,
                footer,
                title + ". Pair 0 turns " + degrees(0) + " a token, pair " + (d / 2 - 1) + " only " + degrees(d / 2 - 1)
                        + ".");
    }

    private double[] pair(float[] row, int i) {
        int half = row.length / 2;
        return config.ropeTraditional()
                ? new double[] {row[2 * i], row[2 * i + 1]}
                : new double[] {row[i], row[i + half]};
    }

    /** How many tokens a pair needs for one turn, with the guess kept under this name as a dashed line. */
    public Picture wavelengths(String guess) {
        double[] turns = IntStream.range(0, config.headDim() / 2)
                .mapToDouble(i -> 2 * Math.PI / speed(i))
                .toArray();
        String title = String.format(
                Locale.ROOT,
                "Pair 0 turns once in %.1f tokens, the slowest in %,.0f",
                turns[0],
                turns[turns.length - 1]);
        Plot plot = Charts.plot(title, "pair", "tokens for one turn")
                .series("one turn", turns)
                .level(
                        String.format(Locale.ROOT, "context: %,d tokens", config.maxPositionEmbeddings()),
                        config.maxPositionEmbeddings())
                .logY();
        // A logarithmic axis has no place for a guess of 0 or less.
        return (Lab.prediction(guess).filter(p -> p.guess() > 0).isPresent() ? plot.guess(guess) : plot).picture();
    }

    /**
     * Score against distance, the mean over all pairs of tokens, for the head whose scores prefer one near distance most clearly;
     * and the same with both tokens 1,000 positions further on.
     */
    public Picture pointer(RopeFn rope) {
        int layer = 0;
        int head = 0;
        double clearest = -1;
        for (int l = 0; l < queries.size(); l++) {
            double[][] scores = scores(rope, l, 0);
            for (int h = 0; h < scores.length; h++) {
                double clear = clearness(scores[h]);
                if (clear > clearest) {
                    clearest = clear;
                    layer = l;
                    head = h;
                }
            }
        }
        return distance(rope, layer, head);
    }

    /** Score against distance for one head, the mean over all pairs of tokens; once more 1,000 positions further on. */
    public Picture distance(RopeFn rope, int layer, int head) {
        if (layer < 0 || layer >= queries.size() || head < 0 || head >= config.numAttentionHeads()) {
            throw new IllegalArgumentException("layer " + layer + ", head " + head + " is not in 0…"
                    + (queries.size() - 1) + ", 0…" + (config.numAttentionHeads() - 1));
        }
        double[] here = scores(rope, layer, 0)[head];
        double[] there = scores(rope, layer, FURTHER)[head];
        double[] x = IntStream.range(0, DISTANCES).asDoubleStream().toArray();
        String title = "Head " + head + " of layer " + layer + " scores highest " + back(best(here));
        return Charts.plot(title, "distance: tokens between key and query", "score q · k / √D")
                .series("key at position 0", x, here)
                .points("both 1,000 positions further on", x, there)
                .picture();
    }

    /** Mean score of a query d tokens after a key, for every head and d: q at first + d, k at first. */
    private double[][] scores(RopeFn rope, int layer, int first) {
        int heads = config.numAttentionHeads();
        int length = queries.get(layer).dim(1);
        // The mean over all pairs of a bilinear score is the score of the means. The sink, token 0, would hide the
        // rest.
        Tensor q = queries.get(layer).slice(1, 1, length).meanKeep(1); // [H_q, 1, D]
        Tensor k = keys.get(layer).slice(1, 1, length).meanKeep(1).repeat(heads / config.numKeyValueHeads(), 0);
        Tensor moved = rotate(rope, q.repeat(DISTANCES, 1), first); // [H_q, N, D]
        Tensor scores = moved.matmul(rotate(rope, k, first).T()).div(Math.sqrt(config.headDim())); // [H_q, N, 1]
        float[] flat = scores.toFloats();
        double[][] out = new double[heads][DISTANCES];
        for (int i = 0; i < flat.length; i++) {
            out[i / DISTANCES][i % DISTANCES] = flat[i];
        }
        return out;
    }

    private Tensor rotate(RopeFn rope, Tensor x, int offset) {
        return rope.rotate(x, offset, config.ropeTheta(), config.ropeTraditional());
    }

    /** The share that a softmax over the distances gives to the best one; 0 when that is not 1…8 tokens back. */
    private static double clearness(double[] scores) {
        int best = best(scores);
        double sum = 0;
        for (double s : scores) {
            sum += Math.exp(s - scores[best]);
        }
        return best >= 1 && best <= NEAR ? 1 / sum : 0;
    }

    private static int best(double[] scores) {
        return IntStream.range(0, scores.length)
                .reduce((a, b) -> scores[b] > scores[a] ? b : a)
                .orElseThrow();
    }

    private static String back(int distance) {
        return distance == 0 ? "at the token itself" : distance == 1 ? "one token back" : distance + " tokens back";
    }

    /** Radians per token. */
    private double speed(int pair) {
        return Math.pow(config.ropeTheta(), -2.0 * pair / config.headDim());
    }

    private String degrees(int pair) {
        double degrees = Math.toDegrees(speed(pair));
        return new BigDecimal(degrees).round(new MathContext(2)).toPlainString() + "°";
    }
}
