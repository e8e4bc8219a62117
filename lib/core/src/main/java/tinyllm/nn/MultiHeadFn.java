package tinyllm.nn;

import org.jspecify.annotations.Nullable;
import tinyllm.tensor.Tensor;

/** Multi-head self-attention (chapter 1.1; Vaswani et al. 2017, section 3.2.2). */
@FunctionalInterface
public interface MultiHeadFn extends Part {

    /**
     * @param x {@code [B, L, E]}
     * @param wq {@code [H·D, E]}, as are wk and wv; projections are {@code x · wᵀ}
     * @param wo {@code [E, H·D]}
     * @param numHeads H
     * @param mask broadcastable to {@code [B, H, L, L]}, or null
     * @return {@code [B, L, E]}
     */
    Tensor apply(Tensor x, Tensor wq, Tensor wk, Tensor wv, Tensor wo, int numHeads, @Nullable Tensor mask);
}
