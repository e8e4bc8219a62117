package tinyllm.nn;

import tinyllm.tensor.Tensor;

/** Turns scores into probabilities (chapter 1.1). */
@FunctionalInterface
public interface SoftmaxFn extends Part {

    /**
     * Softmax over the last axis, stable for large scores.
     *
     * @param scores {@code [..., S]}; entries of {@code -inf} get probability 0
     * @return {@code [..., S]}, every row sums to 1
     */
    Tensor softmax(Tensor scores);
}
