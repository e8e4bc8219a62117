package tinyllm.sampling;

import tinyllm.tensor.Tensor;

/** Keeps the tokens that have at least a given share of the most likely token's probability (chapter 4.3). */
@FunctionalInterface
public non-sealed interface MinPFn extends SamplingFn {

    /**
     * @param logits {@code [B, V]}
     * @param p in 0…1
     * @return {@code [B, V]}: a token stays when its probability is at least p times its row's largest; all others {@code -inf}
     */
    Tensor keep(Tensor logits, double p);
}
