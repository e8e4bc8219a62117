package tinyllm.nn;

import org.jspecify.annotations.Nullable;
import tinyllm.tensor.Tensor;

/** One pre-norm transformer block (chapter 1.5). */
@FunctionalInterface
public interface BlockFn extends Part {

    /**
     * {@code h = x + attention(norm(x)); h + mlp(norm(h))}.
     *
     * @param x {@code [B, L, E]}, the residual stream
     * @param mask broadcastable to {@code [B, H_q, L, L]}, or null
     * @return {@code [B, L, E]}
     */
    Tensor apply(Tensor x, BlockWeights weights, @Nullable Tensor mask, int offset, Parts parts);
}
