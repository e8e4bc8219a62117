package tinyllm.sampling;

import tinyllm.tensor.Tensor;

/** Top-p: keeps the most likely tokens of every row until their mass reaches p (chapter 1.7; Holtzman et al. 2020). */
@FunctionalInterface
public non-sealed interface TopPFn extends SamplingFn {

    /**
     * @param logits {@code [B, V]}
     * @param p in (0, 1]
     * @return {@code [B, V]}: a token stays while the mass of the more likely ones is below p; all others {@code -inf}
     */
    Tensor keep(Tensor logits, double p);
}
