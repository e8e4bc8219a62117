package tinyllm.nn;

import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import tinyllm.course.ReferenceUse;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;

/**
 * The decoder of Qwen2, Qwen3 and Llama. Each layer is evaluated before the next is begun, so that an interrupt is noticed between
 * layers and no more than one layer's temporaries are held.
 */
public final class Decoder implements DecoderFn {

    @Override
    public Tensor hidden(int[] tokens, DecoderWeights weights, Parts parts) {
        ReferenceUse.note("1.5 model");
        int length = tokens.length;
        Tensor embedded = parts.embedding().embed(weights.embedTokens(), tokens);
        Tensor x = embedded.reshape(1, length, embedded.dim(-1));
        Tensor mask = length == 1 ? null : parts.mask().causal(length, length, x.dtype());
        for (BlockWeights block : weights.layers()) {
            if (Thread.currentThread().isInterrupted()) {
                throw new CancellationException("interrupted before layer " + block.index());
            }
            x = step(x, block, mask, parts);
        }
        return parts.norm().normalize(x, weights.norm(), weights.rmsNormEps());
    }

    private static Tensor step(Tensor x, BlockWeights block, @Nullable Tensor mask, Parts parts) {
        return Scope.of(() -> parts.block().apply(x, block, mask, 0, parts));
    }

    @Override
    public Tensor head(Tensor hidden, DecoderWeights weights, Parts parts) {
        return parts.embedding().asLinear(weights.outputTable(), hidden);
    }
}
