package tinyllm.sampling;

import java.util.Arrays;
import java.util.function.Supplier;
import tinyllm.tensor.Tensor;

/**
 * Chooses the next token of each row. The filters apply in the order of {@link SamplingParams}; the draw takes the n-th number of a
 * counter-based generator keyed by the seed, so that neighbours in a batch and repeated steps don't shift it. It walks from the most
 * likely token on.
 */
public final class Sampler {

    private static final Sampler LIBRARY = new Sampler(
            new Temperature(), new TopK(), new TopP(), new MinP(), new RepetitionPenalty(), new AnswerPenalties());

    private final TemperatureFn temperature;
    private final TopKFn topK;
    private final TopPFn topP;
    private final MinPFn minP;
    private final RepetitionPenaltyFn repetition;
    private final AnswerPenaltiesFn answer;

    private Sampler(
            TemperatureFn temperature,
            TopKFn topK,
            TopPFn topP,
            MinPFn minP,
            RepetitionPenaltyFn repetition,
            AnswerPenaltiesFn answer) {
        this.temperature = temperature;
        this.topK = topK;
        this.topP = topP;
        this.minP = minP;
        this.repetition = repetition;
        this.answer = answer;
    }

    public static Sampler library() {
        return LIBRARY;
    }

    /** true when no step is a learner's. */
    public boolean isLibrary() {
        return this == LIBRARY;
    }

    /** This sampler with one step replaced by the learner's. */
    public Sampler with(Supplier<? extends SamplingFn> step) {
        SamplingFn fn = step.get();
        Sampler s = this;
        if (fn instanceof TemperatureFn t) {
            s = new Sampler(t, s.topK, s.topP, s.minP, s.repetition, s.answer);
        }
        if (fn instanceof TopKFn k) {
            s = new Sampler(s.temperature, k, s.topP, s.minP, s.repetition, s.answer);
        }
        if (fn instanceof TopPFn p) {
            s = new Sampler(s.temperature, s.topK, p, s.minP, s.repetition, s.answer);
        }
        if (fn instanceof MinPFn m) {
            s = new Sampler(s.temperature, s.topK, s.topP, m, s.repetition, s.answer);
        }
        if (fn instanceof RepetitionPenaltyFn r) {
            s = new Sampler(s.temperature, s.topK, s.topP, s.minP, r, s.answer);
        }
        if (fn instanceof AnswerPenaltiesFn a) {
            s = new Sampler(s.temperature, s.topK, s.topP, s.minP, s.repetition, a);
        }
        return s;
    }

    /**
     * The logits after every filter.
     *
     * @param logits {@code [V]} or {@code [B, V]}
     * @param seen the ids seen so far, one array a row; read only with a repetition penalty
     * @return {@code [B, V]} in float32, {@code -inf} where a token was filtered out
     */
    public Tensor filter(Tensor logits, SamplingParams params, int[][] seen) {
        Tensor x = Rows.of(logits);
        int vocabulary = x.dim(1);
        if (params.repetitionPenalty() != 1) {
            x = repetition.apply(x, seen, params.repetitionPenalty());
        }
        if (params.temperature() > 0 && params.temperature() != 1) {
            x = temperature.scale(x, params.temperature());
        }
        if (params.topK() > 0 && params.topK() < vocabulary) {
            x = topK.keep(x, params.topK());
        }
        if (params.topP() < 1) {
            x = topP.keep(x, params.topP());
        }
        if (params.minP() > 0) {
            x = minP.keep(x, params.minP());
        }
        return x;
    }

    /**
     * The logits after the repetition penalty alone, where what a request adds comes in.
     *
     * @param logits {@code [B, V]}
     * @param seen the ids seen so far, one array a row
     */
    public Tensor penalized(Tensor logits, SamplingParams params, int[][] seen) {
        return params.repetitionPenalty() == 1
                ? logits
                : repetition.apply(Rows.of(logits), seen, params.repetitionPenalty());
    }

    /**
     * The logits after presence and frequency penalty alone, which come behind the repetition penalty.
     *
     * @param logits {@code [B, V]}
     * @param answers the tokens of each row's answer so far
     */
    public Tensor counted(Tensor logits, Adjustments own, int[][] answers) {
        return own.hasPenalties()
                ? answer.apply(Rows.of(logits), answers, own.presencePenalty(), own.frequencyPenalty())
                : logits;
    }

    /** The probabilities that a draw uses: {@code [B, V]}, each row sums to 1. */
    public Tensor probabilities(Tensor logits, SamplingParams params, int[][] seen) {
        return Rows.softmax(filter(logits, params, seen));
    }

    /**
     * One token a row.
     *
     * @param logits {@code [V]} or {@code [B, V]}
     * @param seen the ids seen so far, one array a row
     * @param step how many tokens were drawn before, the same n for the same place of a text
     * @throws LogitsException when a row holds a NaN or no finite value: no token can be chosen
     */
    public int[] sample(Tensor logits, SamplingParams params, int[][] seen, long step) {
        Tensor rows = Rows.of(logits);
        refuseBroken(rows);
        if (params.temperature() == 0) {
            return penalized(rows, params, seen).argmax(-1).toInts();
        }
        Tensor probabilities = probabilities(rows, params, seen);
        int vocabulary = probabilities.dim(1);
        float[] all = probabilities.toFloats();
        int[] tokens = new int[probabilities.dim(0)];
        for (int b = 0; b < tokens.length; b++) {
            double u = CounterRandom.uniform(params.seed() + b, step);
            tokens[b] = RankedDraw.draw(all, b * vocabulary, vocabulary, u);
        }
        return tokens;
    }

    private static void refuseBroken(Tensor rows) {
        float[] largest = Tensor.where(rows.isNaN(), Tensor.scalar(Double.POSITIVE_INFINITY), rows)
                .max(-1)
                .toFloats();
        for (int b = 0; b < largest.length; b++) {
            if (!Float.isFinite(largest[b])) {
                throw new LogitsException("the logits of row " + b + " hold "
                        + (largest[b] > 0 ? "a NaN or an infinity" : "no finite value")
                        + ": no token can be chosen from them");
            }
        }
    }

    /** Distinct ids, as a repetition penalty reads them. */
    public static int[] distinct(int[] ids) {
        return Arrays.stream(ids).distinct().toArray();
    }
}
