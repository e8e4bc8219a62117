package tinyllm.nn;

import java.util.List;
import org.jspecify.annotations.Nullable;
import tinyllm.tensor.Tensor;

/**
 * The weights of a whole decoder-only model.
 *
 * @param embedTokens {@code [V, E]}
 * @param norm {@code [E]}, before the output layer
 * @param lmHead {@code [V, E]}, or null when it is tied to embedTokens
 */
public record DecoderWeights(
        Tensor embedTokens,
        List<BlockWeights> layers,
        Tensor norm,
        @Nullable Tensor lmHead,
        double rmsNormEps) {

    public DecoderWeights {
        layers = List.copyOf(layers);
    }

    /** The output layer's table: lmHead, or the tied embedding. */
    public Tensor outputTable() {
        return lmHead == null ? embedTokens : lmHead;
    }
}
