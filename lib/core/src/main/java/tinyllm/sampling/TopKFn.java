package tinyllm.sampling;

import tinyllm.tensor.Tensor;

/** Keeps the k most likely tokens of every row (chapter 1.7). */
@FunctionalInterface
public non-sealed interface TopKFn extends SamplingFn {

    /**
     * @param logits {@code [B, V]}
     * @param k in 1…V
     * @return {@code [B, V]}: the k largest of each row as they are, all others {@code -inf}; of equal ones the lower ids stay
     */
    Tensor keep(Tensor logits, int k);
}
