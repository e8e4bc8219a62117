package tinyllm.lab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tinyllm.lab.attention.MapPainter;
import tinyllm.lab.attention.Pictures;
import tinyllm.lab.attention.TokenLabels;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;
import tinyllm.nn.DecoderWeights;
import tinyllm.nn.GroupedAttentionFn;
import tinyllm.nn.Rope;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;

/** What a token learns that it should not know when a mask is missing (chapter 1.3). */
public final class MaskLeaks {

    private static final int LAYERS = 4;
    private static final int MAX_TOKENS = 16;

    /** The first token takes most; a lower end of the scale shows the rest. */
    private static final double DARKEST = 0.4;

    private MaskLeaks() {}

    /**
     * Exchanges each token of the text in turn and draws which positions feel it, in the model's first four layers. Grey is no change
     * at all, to the last bit.
     *
     * @param name what is special in this model's mask, for the title
     * @param text 2 to 16 tokens
     */
    public static Picture exchange(String name, CausalLm model, String text) {
        int[] tokens = model.tokenizer().encode(text);
        if (tokens.length < 2 || tokens.length > MAX_TOKENS) {
            throw new IllegalArgumentException("exchanging tokens needs a text of 2 to " + MAX_TOKENS
                    + " tokens, but this one has " + tokens.length);
        }
        float[][] before = states(model, tokens);
        float[][] felt = new float[tokens.length][tokens.length];
        for (int j = 0; j < tokens.length; j++) {
            int[] other = tokens.clone();
            other[j] = (tokens[j] + 1) % model.config().vocabSize();
            float[][] after = states(model, other);
            for (int i = 0; i < tokens.length; i++) {
                felt[i][j] = change(before[i], after[i]);
            }
        }
        List<String> labels = TokenLabels.of(model.tokenizer(), tokens);
        long early = early(felt);
        long all = (long) tokens.length * (tokens.length - 1) / 2;
        String title = early == 0
                ? name + ": no token feels a later one"
                : name + ": tokens feel " + early + " of " + all + " later ones";
        return paint(new MapPainter.Spec(
                title,
                labels,
                labels,
                felt,
                1,
                "the token whose state is measured",
                "the token that is exchanged",
                "change"));
    }

    private static long early(float[][] felt) {
        return IntStream.range(0, felt.length)
                .mapToLong(i -> IntStream.range(i + 1, felt.length)
                        .filter(j -> !Float.isNaN(felt[i][j]))
                        .count())
                .sum();
    }

    /** The hidden states after four layers and the last norm, a row for each token. */
    private static float[][] states(CausalLm model, int[] tokens) {
        DecoderWeights w = model.weights();
        DecoderWeights first = new DecoderWeights(
                w.embedTokens(),
                w.layers().subList(0, Math.min(LAYERS, w.layers().size())),
                w.norm(),
                w.lmHead(),
                w.rmsNormEps());
        Tensor hidden = model.parts().decoder().hidden(tokens, first, model.parts());
        return hidden.reshape(tokens.length, model.config().hiddenSize()).toMatrix();
    }

    /** The length of the difference as a share of the length before, at most 1; NaN when not a bit differs. */
    private static float change(float[] before, float[] after) {
        if (Arrays.equals(before, after)) {
            return Float.NaN;
        }
        double apart = 0;
        double size = 0;
        for (int c = 0; c < before.length; c++) {
            apart += Math.pow(after[c] - before[c], 2);
            size += Math.pow(before[c], 2);
        }
        return (float) Math.min(1, Math.sqrt(apart / size));
    }

    /**
     * Texts of different lengths in one batch, filled up on the right: where the last token of each looks, mean over the heads of one
     * layer, computed by the given attention. The weights come out of it because every value is one-hot.
     *
     * @param attention makes the learner's object
     * @param mask added to the scores, broadcastable to {@code [B, H_q, 1, S]} for B texts and the S tokens of the longest; null for
     *     none
     * @param texts 2 or more, the longest of 2 to 16 tokens
     */
    public static Picture filling(
            String name,
            CausalLm model,
            Supplier<? extends GroupedAttentionFn> attention,
            @Nullable Tensor mask,
            List<String> texts) {
        List<int[]> ids = texts.stream().map(model.tokenizer()::encode).toList();
        int s = ids.stream().mapToInt(t -> t.length).max().orElse(0);
        if (texts.size() < 2 || s < 2 || s > MAX_TOKENS || ids.stream().anyMatch(t -> t.length == 0)) {
            throw new IllegalArgumentException("a batch to fill up needs 2 or more texts of 1 to " + MAX_TOKENS
                    + " tokens, not " + texts.size() + " of which the longest has " + s);
        }
        float[][] looks =
                Scope.of(() -> looks(model, attention.get(), mask, ids, s)).toMatrix();
        double worst = 0;
        for (int b = 0; b < looks.length; b++) {
            double onFilling = 0;
            for (int j = ids.get(b).length; j < s; j++) {
                onFilling += looks[b][j];
                looks[b][j] = looks[b][j] == 0 ? Float.NaN : looks[b][j];
            }
            worst = Math.max(worst, onFilling);
        }
        String title = worst == 0
                ? name + ": nothing goes to the filling"
                : String.format(Locale.ROOT, "%s: up to %.0f %% goes to the filling", name, 100 * worst);
        List<String> slots = IntStream.range(0, s).mapToObj(Integer::toString).toList();
        List<String> rows = new ArrayList<>();
        ids.forEach(t -> rows.add(t.length + " real, " + (s - t.length) + " filled"));
        return paint(new MapPainter.Spec(title, rows, slots, looks, DARKEST, "text", "key slot", "share"));
    }

    /** {@code [B, S]}: the mean over the heads of what each text's last token gives to each slot. */
    private static Tensor looks(
            CausalLm model, GroupedAttentionFn attention, @Nullable Tensor mask, List<int[]> ids, int s) {
        int layer = Math.min(LAYERS, model.config().numHiddenLayers()) - 1;
        Tensor[] queries = new Tensor[ids.size()];
        Tensor[] keys = new Tensor[ids.size()];
        for (int b = 0; b < queries.length; b++) {
            int[] row = filled(ids.get(b), s, model);
            var run = model.trace(row, List.of(layer), List.of("self_attn.q_proj", "self_attn.k_proj"));
            int last = ids.get(b).length - 1;
            String prefix = "layers." + layer + ".self_attn.";
            queries[b] = turned(run.get(prefix + "q_proj"), model).slice(1, last, last + 1); // [H_q, 1, D]
            keys[b] = turned(run.get(prefix + "k_proj"), model); // [H_kv, S, D]
        }
        Tensor q = Tensor.stack(0, queries);
        Tensor k = Tensor.stack(0, keys);
        int d = model.config().headDim();
        Tensor oneHot = Tensor.eye(d).slice(0, 0, s).broadcastTo(k.dim(0), k.dim(1), s, d);
        Tensor weights = attention.attend(q, k, oneHot, mask, 1 / Math.sqrt(d)); // [B, H_q, 1, D], S of D used
        return weights.slice(-1, 0, s).mean(1, 2);
    }

    private static Tensor turned(@Nullable Tensor heads, CausalLm model) {
        if (heads == null) {
            throw new IllegalStateException("the run of " + model.name() + " kept no queries and keys");
        }
        var config = model.config();
        return new Rope().rotate(heads, 0, config.ropeTheta(), config.ropeTraditional());
    }

    private static int[] filled(int[] ids, int s, CausalLm model) {
        int[] row = Arrays.copyOf(ids, s);
        int filling = model.eosIds().stream().mapToInt(Integer::intValue).min().orElse(0);
        Arrays.fill(row, ids.length, s, filling);
        return row;
    }

    private static Picture paint(MapPainter.Spec spec) {
        return Pictures.of(
                MapPainter.paint(spec, 2),
                spec.title() + ". Rows: " + spec.rowAxis() + "; columns: " + spec.columnAxis() + "; grey: nothing.");
    }
}
