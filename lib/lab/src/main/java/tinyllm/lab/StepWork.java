package tinyllm.lab;

import tinyllm.model.CausalLm;
import tinyllm.model.ModelConfig;
import tinyllm.nn.BlockWeights;
import tinyllm.nn.DecoderWeights;
import tinyllm.nn.Linear;
import tinyllm.profile.Work;

/** What one step of a float32 model has to do at least: the operations, and the bytes of weights, keys and values (chapter 2.1). */
public final class StepWork {

    private StepWork() {}

    /**
     * The work of a step.
     *
     * @param tokens that pass through the layers, L
     * @param cached tokens whose keys and values are there already
     */
    public static Work of(CausalLm model, int tokens, int cached) {
        DecoderWeights weights = model.weights();
        Work work = head(weights);
        for (BlockWeights block : weights.layers()) {
            for (Linear linear : new Linear[] {
                block.attention().qProj(),
                block.attention().kProj(),
                block.attention().vProj(),
                block.attention().oProj(),
                block.gateProj(),
                block.upProj(),
                block.downProj()
            }) {
                double size = linear.weight().size();
                work = work.plus(new Work(2 * size * tokens, linear.weight().nbytes()));
            }
        }
        return work.plus(attention(model.config(), tokens, cached));
    }

    /** The output layer runs for the last token alone. */
    private static Work head(DecoderWeights weights) {
        return new Work(
                2.0 * weights.outputTable().size(), weights.outputTable().nbytes());
    }

    /** Scores and sums over the keys up to each token's own; all keys and values pass once. */
    private static Work attention(ModelConfig config, int tokens, int cached) {
        double pairs = (double) tokens * cached + tokens * (tokens + 1.0) / 2;
        double perPair = 4.0 * config.numAttentionHeads() * config.headDim();
        return new Work(
                perPair * pairs * config.numHiddenLayers(),
                config.kvBytesPerToken(Float.BYTES) * (double) (cached + tokens));
    }
}
