package tinyllm.model;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;

/**
 * How well a model predicts a text, and how far it is from another one that reads the same text (chapter 2.2). Sums, so that parts of a
 * text add up.
 *
 * @param tokens predicted tokens: all but the first of each window
 * @param surprise sum of −ln P(token that came)
 * @param baseSurprise the same of the base; NaN without one
 * @param difference sum of |ln P − ln P of the base| of the tokens that came; NaN without a base
 * @param divergence sum of KL(base ‖ model) over the positions, in nats; NaN without a base
 * @param agreed positions at which both have the same most likely token
 */
public record TextQuality(
        int tokens, double surprise, double baseSurprise, double difference, double divergence, int agreed) {

    private static final TextQuality NOTHING = new TextQuality(0, 0, 0, 0, 0, 0);
    private static final int ROWS_AT_ONCE = 64;

    private record Row(double surprise, double baseSurprise, double divergence, boolean agrees) {}

    /** e to the mean surprise: a model that guesses among n equally likely tokens has perplexity n. */
    public double perplexity() {
        return Math.exp(surprise / tokens);
    }

    /** The base's perplexity. */
    public double basePerplexity() {
        return Math.exp(baseSurprise / tokens);
    }

    /** The mean absolute difference of the log-probabilities of the tokens that came. */
    public double meanDifference() {
        return difference / tokens;
    }

    /** The mean divergence from the base, in nats a token: 0 when both always say the same. */
    public double kl() {
        return divergence / tokens;
    }

    /** The share of positions at which both have the same most likely token. */
    public double agreement() {
        return (double) agreed / tokens;
    }

    public TextQuality plus(TextQuality other) {
        return new TextQuality(
                tokens + other.tokens,
                surprise + other.surprise,
                baseSurprise + other.baseSurprise,
                difference + other.difference,
                divergence + other.divergence,
                agreed + other.agreed);
    }

    /**
     * Reads a text in windows, each without what stood before it.
     *
     * @param base what the model is compared with, of the same vocabulary; null for none
     * @param tokens 2 or more
     * @param window tokens that are read together: 2 to the context
     * @throws CancellationException when the thread is interrupted
     */
    public static TextQuality of(CausalLm model, @Nullable CausalLm base, int[] tokens, int window) {
        int context = model.config().maxPositionEmbeddings();
        if (tokens.length < 2 || window < 2 || window > context) {
            throw new IllegalArgumentException("a text of " + tokens.length + " tokens in windows of " + window
                    + ": both have to be 2 or more, and the window at most the context of " + context);
        }
        TextQuality sum = NOTHING;
        for (int first = 0; first + 1 < tokens.length; first += window) {
            int[] some = Arrays.copyOfRange(tokens, first, Math.min(tokens.length, first + window));
            if (some.length < 2) {
                break;
            }
            try (Scope _ = Scope.open()) {
                sum = sum.plus(of(model.logits(some), base == null ? null : base.logits(some), some));
            }
        }
        return sum;
    }

    /**
     * One window.
     *
     * @param logits {@code [L, V]} of the model after each token, finite
     * @param base the same of what it is compared with, or null
     * @param tokens L ids, in 0…V-1
     */
    public static TextQuality of(Tensor logits, @Nullable Tensor base, int[] tokens) {
        int vocabulary = logits.dim(-1);
        if (base != null && !Arrays.equals(base.shape(), logits.shape())) {
            throw new IllegalArgumentException("logits of shape " + Arrays.toString(logits.shape())
                    + " can't be compared with a base of " + Arrays.toString(base.shape()));
        }
        TextQuality sum = NOTHING;
        for (int first = 0; first < tokens.length - 1; first += ROWS_AT_ONCE) {
            if (Thread.currentThread().isInterrupted()) {
                throw new CancellationException("the measurement was interrupted");
            }
            int from = first;
            int count = Math.min(ROWS_AT_ONCE, tokens.length - 1 - first);
            float[] own = logits.slice(0, from, from + count).toFloats();
            float[] other =
                    base == null ? own : base.slice(0, from, from + count).toFloats();
            List<Row> rows = IntStream.range(0, count)
                    .parallel()
                    .mapToObj(r -> row(own, other, r * vocabulary, vocabulary, tokens[from + r + 1]))
                    .toList();
            sum = sum.plus(sum(rows, base != null));
        }
        return sum;
    }

    private static TextQuality sum(List<Row> rows, boolean based) {
        double none = based ? 0 : Double.NaN;
        return new TextQuality(
                rows.size(),
                rows.stream().mapToDouble(Row::surprise).sum(),
                none + rows.stream().mapToDouble(Row::baseSurprise).sum(),
                none
                        + rows.stream()
                                .mapToDouble(row -> Math.abs(row.surprise() - row.baseSurprise()))
                                .sum(),
                none + rows.stream().mapToDouble(Row::divergence).sum(),
                (int) rows.stream().filter(Row::agrees).count());
    }

    private static Row row(float[] own, float[] base, int at, int vocabulary, int next) {
        double ownNorm = logSumExp(own, at, vocabulary);
        double baseNorm = own == base ? ownNorm : logSumExp(base, at, vocabulary);
        double divergence = 0;
        int ownBest = at;
        int baseBest = at;
        for (int i = at; i < at + vocabulary; i++) {
            double baseLog = base[i] - baseNorm;
            divergence += own == base ? 0 : Math.exp(baseLog) * (baseLog - (own[i] - ownNorm));
            ownBest = own[i] > own[ownBest] ? i : ownBest;
            baseBest = base[i] > base[baseBest] ? i : baseBest;
        }
        return new Row(ownNorm - own[at + next], baseNorm - base[at + next], divergence, ownBest == baseBest);
    }

    private static double logSumExp(float[] values, int at, int count) {
        double max = Double.NEGATIVE_INFINITY;
        for (int i = at; i < at + count; i++) {
            max = Math.max(max, values[i]);
        }
        double sum = 0;
        for (int i = at; i < at + count; i++) {
            sum += Math.exp(values[i] - max);
        }
        return max + Math.log(sum);
    }
}
