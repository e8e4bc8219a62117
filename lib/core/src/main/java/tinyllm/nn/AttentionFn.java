package tinyllm.nn;

import org.jspecify.annotations.Nullable;
import tinyllm.tensor.Tensor;

/** Scaled dot-product attention (chapter 1.1; Vaswani et al. 2017, section 3.2.1). */
public interface AttentionFn extends Part {

    /**
     * How much each query looks at each key: {@code softmax(q · kᵀ · scale + mask)}.
     *
     * @param q {@code [..., L, D]}
     * @param k {@code [..., S, D]}; the leading dimensions broadcast against those of q
     * @param mask added to the scaled scores, broadcastable to {@code [..., L, S]}; null for none
     * @param scale usually {@code 1/√D}
     * @return {@code [..., L, S]}
     */
    Tensor weights(Tensor q, Tensor k, @Nullable Tensor mask, double scale);

    /**
     * The weighted mean of the values: {@code weights(q, k, mask, scale) · v}.
     *
     * @param v {@code [..., S, D]}
     * @return {@code [..., L, D]}
     */
    default Tensor attend(Tensor q, Tensor k, Tensor v, @Nullable Tensor mask, double scale) {
        return weights(q, k, mask, scale).matmul(v);
    }
}
