package tinyllm.nn;

import tinyllm.tensor.Tensor;

/** RMSNorm: a vector over the root of its mean square (chapter 1.4; Zhang and Sennrich 2019). */
@FunctionalInterface
public interface NormFn extends Part {

    /**
     * {@code x / sqrt(mean(x²) + eps)} in float32, cast back to the dtype of x, then times the weight.
     *
     * @param x {@code [..., E]}
     * @param weight {@code [E]}
     * @return {@code [..., E]}, dtype of x
     */
    Tensor normalize(Tensor x, Tensor weight, double eps);
}
