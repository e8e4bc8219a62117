package tinyllm.engine;

import java.util.ArrayList;
import java.util.List;
import tinyllm.kernel.RowKernels;
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

    /** @param known ids that stand for a text; rows of logits may be longer */
    BatchSampler(Sampler sampler, int known) {
        this.sampler = sampler;
        this.known = known;
    }

    /** @param logits {@code [R, V]}, a row for each draw */
    List<EngineModel.Chosen> choose(Tensor logits, List<EngineModel.Draw> draws) {
        int count = draws.size();
        List<EngineModel.Chosen> chosen = new ArrayList<>(count);
        if (count == 0) {
            return chosen;
        }
        if (sampler.isLibrary()) {
            List<TokenChoice.Chosen> all = TokenChoice.of(
                    logits, known, draws.stream().map(BatchSampler::ask).toList());
            for (int row = 0; row < count; row++) {
                chosen.add(chosen(all.get(row), draws.get(row)));
            }
            return chosen;
        }
        Tensor rows = logits.slice(1, 0, known).eval(); // [R, known]
        float[] largest = Tensor.where(rows.isNaN(), Tensor.scalar(Double.POSITIVE_INFINITY), rows)
                .max(-1)
                .toFloats();
        int[] likeliest = draws.stream().anyMatch(draw -> plain(draw.sampling()))
                ? rows.argmax(-1).toInts()
                : NOTHING;
        float[] sums = draws.stream().anyMatch(EngineModel.Draw::logprob)
                ? RowKernels.logSumExp(rows).toFloats()
                : new float[0];
        for (int row = 0; row < count; row++) {
            chosen.add(choose(rows, row, draws.get(row), largest[row], likeliest, sums));
        }
        return chosen;
    }

    /** The most likely token, and nothing else to look at. */
    private static boolean plain(SamplingParams params) {
        return params.temperature() == 0 && params.repetitionPenalty() == 1;
    }

    private EngineModel.Chosen choose(
            Tensor rows, int row, EngineModel.Draw draw, float largest, int[] likeliest, float[] sums) {
        if (!Float.isFinite(largest)) {
            return failed(new LogitsException("the logits hold "
                    + (largest > 0 ? "a NaN or an infinity" : "no finite value")
                    + ": no token can be chosen from them"));
        }
        try {
            int token = plain(draw.sampling()) ? likeliest[row] : drawn(rows.at(row), draw);
            double logprob = draw.logprob() ? rows.item(row, token) - sums[row] : Double.NaN;
            return new EngineModel.Chosen(token, logprob, null);
        } catch (RuntimeException e) {
            return failed(e);
        }
    }

    private static EngineModel.Chosen chosen(TokenChoice.Chosen chosen, EngineModel.Draw draw) {
        return chosen.problem() != null
                ? failed(chosen.problem())
                : new EngineModel.Chosen(chosen.token(), draw.logprob() ? chosen.logprob() : Double.NaN, null);
    }

    private static TokenChoice.Ask ask(EngineModel.Draw draw) {
        return new TokenChoice.Ask(draw.sampling(), seen(draw), draw.n());
    }

    private static int[] seen(EngineModel.Draw draw) {
        return draw.sampling().repetitionPenalty() == 1
                ? NOTHING
                : Sampler.distinct(draw.text().all());
    }

    private int drawn(Tensor row, EngineModel.Draw draw) {
        return sampler.sample(row, draw.sampling(), new int[][] {seen(draw)}, draw.n())[0];
    }

    private static EngineModel.Chosen failed(RuntimeException e) {
        return new EngineModel.Chosen(StepReport.NONE, Double.NaN, e);
    }
}
