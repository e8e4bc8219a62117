package tinyllm.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tinyllm.kernel.TopCandidates;
import tinyllm.sampling.LogitsException;
import tinyllm.sampling.Sampler;
import tinyllm.sampling.SamplingParams;
import tinyllm.sampling.Shortlist;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;

/**
 * Chooses the next token of each row of a step: from the row's most likely tokens where they hold enough of the probability, else from
 * the whole row. What a row gets depends on that row alone.
 */
public final class TokenChoice {

    /** Above it the whole row is sorted anyway. */
    private static final int MOST_CANDIDATES = 2048;

    private TokenChoice() {}

    /**
     * How one row's token is chosen.
     *
     * @param seen distinct ids of its text; read only with a repetition penalty
     * @param step how many tokens were drawn for it before
     */
    public record Ask(SamplingParams params, int[] seen, long step) {}

    /**
     * @param token meaningless when there is a problem
     * @param logprob of the token, over the whole vocabulary at temperature 1
     * @param problem why no token can be chosen: the row holds a NaN, an infinity or no finite value
     */
    public record Chosen(
            int token, double logprob, @Nullable LogitsException problem) {}

    /**
     * @param logits {@code [R, V]}
     * @param vocabulary how many of the V columns stand for tokens; the rest is padding
     * @param asks one for each row
     */
    public static List<Chosen> of(Tensor logits, int vocabulary, List<Ask> asks) {
        if (logits.rank() != 2 || logits.dim(0) != asks.size()) {
            throw new IllegalArgumentException("logits have to be [" + asks.size() + ", V], a row for each choice, and"
                    + " have shape " + Arrays.toString(logits.shape()));
        }
        int most = 1;
        float[] scales = new float[asks.size()];
        for (int r = 0; r < scales.length; r++) {
            SamplingParams params = asks.get(r).params();
            most = Math.max(most, candidates(params, vocabulary));
            scales[r] = params.temperature() == 0 ? 1 : (float) (1 / params.temperature());
        }
        TopCandidates top = TopCandidates.of(logits, vocabulary, most, scales);
        List<Chosen> chosen = new ArrayList<>();
        for (int r = 0; r < scales.length; r++) {
            chosen.add(one(logits, vocabulary, top, r, asks.get(r)));
        }
        return chosen;
    }

    /** A row's own number, so that its list is the same whatever its neighbours ask for. */
    private static int candidates(SamplingParams params, int vocabulary) {
        if (params.temperature() == 0 || params.repetitionPenalty() != 1) {
            return 1;
        }
        int wanted = params.topK() <= MOST_CANDIDATES ? Math.max(Shortlist.USUAL, params.topK()) : Shortlist.USUAL;
        return Math.min(vocabulary, wanted);
    }

    private static Chosen one(Tensor logits, int vocabulary, TopCandidates top, int row, Ask ask) {
        float largest = top.logits()[row][0];
        if (!Float.isFinite(largest)) {
            return new Chosen(
                    -1,
                    Double.NaN,
                    new LogitsException("the logits hold "
                            + (largest == Float.NEGATIVE_INFINITY ? "no finite value" : "a NaN or an infinity")
                            + ": no token can be chosen from them"));
        }
        int count = candidates(ask.params(), vocabulary);
        Shortlist list = new Shortlist(
                Arrays.copyOf(top.ids()[row], count),
                Arrays.copyOf(top.logits()[row], count),
                top.scaledLogSums()[row],
                vocabulary);
        int place = list.choose(ask.params(), ask.step());
        if (place >= 0) {
            return new Chosen(list.ids()[place], list.logits()[place] - top.logSums()[row], null);
        }
        try (Scope scope = Scope.open()) {
            Tensor whole = logits.slice(0, row, row + 1).slice(1, 0, vocabulary); // [1, vocabulary]
            int token = Sampler.library().sample(whole, ask.params(), new int[][] {ask.seen()}, ask.step())[0];
            return new Chosen(token, whole.item(0, token) - top.logSums()[row], null);
        }
    }
}
