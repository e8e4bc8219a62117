package tinyllm.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;
import tinyllm.kernel.RowKernels;
import tinyllm.kernel.TopCandidates;
import tinyllm.sampling.LogitsException;
import tinyllm.sampling.Sampler;
import tinyllm.sampling.SamplingParams;
import tinyllm.tensor.Tensor;

/**
 * Chooses a token for each row, by that row's own parameters: what one row holds, or asks for, changes nothing for the others. A learner's
 * steps of the sampler run as array operations.
 */
final class BatchSampler {
    private static final int[] NOTHING = {};

    private final Sampler sampler;
    private final int known;
    private final IntPredicate isToken;

    /**
     * @param known one more than the largest id of a token; rows of logits may be longer
     * @param isToken false for holes in the vocabulary, which are never chosen
     */
    BatchSampler(Sampler sampler, int known, IntPredicate isToken) {
        this.sampler = sampler;
        this.known = known;
        this.isToken = isToken;
    }

    /** @param logits {@code [R, V]}, a row for each draw */
    List<EngineModel.Chosen> choose(Tensor logits, List<EngineModel.Draw> draws) {
        int count = draws.size();
        if (count == 0) {
            return List.of();
        }
        RuntimeException[] problems = new RuntimeException[count];
        List<TokenChoice.Ask> asks = new ArrayList<>(count);
        for (int row = 0; row < count; row++) {
            asks.add(ask(draws.get(row), row, problems));
        }
        List<EngineModel.Chosen> chosen = sampler.isLibrary() ? byLibrary(logits, asks) : byArrays(logits, draws, asks);
        for (int row = 0; row < count; row++) {
            if (problems[row] != null) {
                chosen.set(row, failed(problems[row]));
            }
        }
        return chosen;
    }

    /** A constraint that fails ends its own request: the row goes on as if it had asked for nothing. */
    private TokenChoice.Ask ask(EngineModel.Draw draw, int row, @Nullable RuntimeException[] problems) {
        LogitEdits own = draw.edits();
        float[] added = null;
        TokenMask mask = null;
        try {
            added = sampler.isLibrary()
                    ? own.added(known, draw.text(), draw.n())
                    : own.addedWithoutPenalties(known, draw.text(), draw.n());
            mask = own.mask(known, draw.tokensLeft());
        } catch (RuntimeException e) {
            problems[row] = e;
        }
        return new TokenChoice.Ask(draw.sampling(), seen(draw), draw.n(), added, mask, draw.logprobs());
    }

    private List<EngineModel.Chosen> byLibrary(Tensor logits, List<TokenChoice.Ask> asks) {
        List<TokenChoice.Chosen> all = TokenChoice.of(logits, known, isToken, asks);
        List<EngineModel.Chosen> chosen = new ArrayList<>(all.size());
        all.forEach(one -> chosen.add(chosen(one)));
        return chosen;
    }

    private List<EngineModel.Chosen> byArrays(Tensor logits, List<EngineModel.Draw> draws, List<TokenChoice.Ask> asks) {
        Tensor rows = logits.slice(1, 0, known).eval(); // [R, known]
        float[] largest = Tensor.where(rows.isNaN(), Tensor.scalar(Double.POSITIVE_INFINITY), rows)
                .max(-1)
                .toFloats();
        List<EngineModel.Chosen> chosen = new ArrayList<>(draws.size());
        for (int row = 0; row < draws.size(); row++) {
            chosen.add(choose(rows, row, draws.get(row), asks.get(row), largest[row]));
        }
        return chosen;
    }

    private EngineModel.Chosen choose(Tensor rows, int row, EngineModel.Draw draw, TokenChoice.Ask ask, float largest) {
        if (!Float.isFinite(largest)) {
            return failed(new LogitsException("the logits hold "
                    + (largest > 0 ? "a NaN or an infinity" : "no finite value")
                    + ": no token can be chosen from them"));
        }
        try {
            Tensor whole = rows.slice(0, row, row + 1); // [1, known]
            int token = drawn(whole, draw, ask);
            if (draw.logprobs() < 0) {
                return new EngineModel.Chosen(token, Double.NaN, List.of(), null);
            }
            double sum = RowKernels.logSumExp(whole).item();
            return new EngineModel.Chosen(token, whole.item(0, token) - sum, top(whole, draw.logprobs(), sum), null);
        } catch (RuntimeException e) {
            return failed(e);
        }
    }

    /** By the learner's steps; a hole that they choose is taken out, and they choose again. */
    private int drawn(Tensor whole, EngineModel.Draw draw, TokenChoice.Ask ask) {
        Tensor row = sampler.penalized(whole, ask.params(), new int[][] {ask.seen()});
        if (draw.edits().adjustments().hasPenalties()) {
            int[] answer = LogitEdits.answer(draw.text(), draw.n());
            row = sampler.counted(row, draw.edits().adjustments(), new int[][] {answer});
        }
        float[] edit = ask.whole(known);
        row = edit == null ? row : row.add(Tensor.of(edit, 1, known));
        SamplingParams params = ask.params().withoutRepetitionPenalty();
        int token = sampler.sample(row, params, new int[][] {NOTHING}, ask.step())[0];
        if (isToken.test(token)) {
            return token;
        }
        Tensor filled = row.add(Tensor.of(TokenChoice.withoutHoles(known, isToken), 1, known));
        return sampler.sample(filled, params, new int[][] {NOTHING}, ask.step())[0];
    }

    private static List<Likely> top(Tensor whole, int count, double sum) {
        if (count == 0) {
            return List.of();
        }
        var wish = new TopCandidates.Wish(Math.min(count, whole.dim(1)), false, 0);
        TopCandidates top = TopCandidates.of(whole, whole.dim(1), List.of(wish));
        List<Likely> likely = new ArrayList<>();
        for (int i = 0; i < top.ids()[0].length; i++) {
            likely.add(new Likely(top.ids()[0][i], top.logits()[0][i] - sum));
        }
        return likely;
    }

    private static EngineModel.Chosen chosen(TokenChoice.Chosen chosen) {
        return chosen.problem() != null
                ? failed(chosen.problem())
                : new EngineModel.Chosen(chosen.token(), chosen.logprob(), chosen.top(), null);
    }

    private static int[] seen(EngineModel.Draw draw) {
        return draw.sampling().repetitionPenalty() == 1
                ? NOTHING
                : Sampler.distinct(draw.text().all());
    }

    private static EngineModel.Chosen failed(RuntimeException e) {
        return new EngineModel.Chosen(StepReport.NONE, Double.NaN, List.of(), e);
    }
}
