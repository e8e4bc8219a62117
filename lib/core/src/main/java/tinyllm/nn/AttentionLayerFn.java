package tinyllm.nn;

import org.jspecify.annotations.Nullable;
import tinyllm.tensor.Tensor;

/** The attention layer of a decoder: projections, rotary embedding, grouped-query attention, output (chapter 1.5). */
@FunctionalInterface
public interface AttentionLayerFn extends Part {

    /**
     * @param x {@code [B, L, E]}, normalised
     * @param weights the layer's own
     * @param mask broadcastable to {@code [B, H_q, L, L]}, or null
     * @param offset position of the first of the L tokens
     * @param parts the pieces to build it from
     * @return {@code [B, L, E]}
     */
    Tensor apply(Tensor x, AttentionWeights weights, @Nullable Tensor mask, int offset, Parts parts);
}
