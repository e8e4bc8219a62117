package tinyllm.sampling;

import org.jspecify.annotations.Nullable;

/**
 * The most likely tokens of one row, from which a token is chosen as if all were there, as long as they hold enough of the probability.
 * The draw walks from the most likely token on, as {@link Sampler}'s does.
 *
 * @param ids by falling logit, then rising id
 * @param logits of these, finite or {@code -inf}; the first is finite
 * @param scaledLogSum ln Σ exp(logit / temperature) over the whole vocabulary; read with a temperature above 0
 * @param vocabulary how many tokens there are in all
 */
public record Shortlist(int[] ids, float[] logits, double scaledLogSum, int vocabulary) {

    /** How many tokens serve nearly every draw. */
    public static final int USUAL = 256;

    /** Kept from the list, their weights relative to the first token's, and the weight that a draw is a share of. */
    private record Kept(int count, double[] weights, double total, boolean open) {}

    /**
     * The place in the list of the token that is drawn.
     *
     * @param params without a repetition penalty: it reorders the row
     * @param step how many tokens were drawn before
     * @return −1 when the list is too short to tell: the whole row has to be looked at
     */
    public int choose(SamplingParams params, long step) {
        if (params.repetitionPenalty() != 1) {
            return -1;
        }
        if (params.temperature() == 0) {
            return 0;
        }
        Kept kept = kept(params);
        if (kept == null) {
            return -1;
        }
        double left = CounterRandom.uniform(params.seed(), step) * kept.total;
        int last = 0;
        for (int i = 0; i < kept.count; i++) {
            if (kept.weights[i] > 0) {
                last = i;
                left -= kept.weights[i];
                if (left < 0) {
                    return i;
                }
            }
        }
        return kept.open ? -1 : last; // rounding left the sum a little below the total
    }

    private @Nullable Kept kept(SamplingParams params) {
        double[] weights = new double[ids.length];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = Math.exp((logits[i] - logits[0]) / params.temperature());
        }
        boolean open = ids.length < vocabulary;
        int count = ids.length;
        double total = Math.exp(scaledLogSum - logits[0] / params.temperature());
        if (params.topK() > 0 && params.topK() < vocabulary) {
            if (open && params.topK() > ids.length) {
                return null;
            }
            count = Math.min(count, params.topK());
            total = sum(weights, count);
            open = false;
        }
        if (params.topP() < 1) {
            int nucleus = nucleus(weights, count, params.topP() * total);
            if (nucleus < 0 && open) {
                return null;
            }
            count = nucleus < 0 ? count : nucleus;
            total = sum(weights, count);
            open = false;
        }
        if (params.minP() > 0) {
            int likely = count;
            while (likely > 0 && weights[likely - 1] < params.minP()) {
                likely--;
            }
            if (likely == count && open) {
                return null;
            }
            count = likely;
            total = sum(weights, count);
            open = false;
        }
        return new Kept(count, weights, total, open);
    }

    /** How many tokens stay while the mass before them is below a limit; −1 when all do and their mass is below it, too. */
    private static int nucleus(double[] weights, int count, double limit) {
        double before = 0;
        for (int i = 0; i < count; i++) {
            if (before >= limit) {
                return i;
            }
            before += weights[i];
        }
        return before >= limit ? count : -1;
    }

    private static double sum(double[] weights, int count) {
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += weights[i];
        }
        return sum;
    }
}
