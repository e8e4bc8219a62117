package tinyllm.sampling;

import tinyllm.tensor.Tensor;

/** Makes tokens that were seen already less likely (chapter 4.3; Keskar et al. 2019). */
@FunctionalInterface
public non-sealed interface RepetitionPenaltyFn extends SamplingFn {

    /**
     * @param logits {@code [B, V]}
     * @param seen the distinct ids seen so far, one array a row, each id in 0…V-1
     * @param penalty 1 changes nothing
     * @return {@code [B, V]}: seen tokens' positive logits divided by the penalty, negative ones multiplied
     */
    Tensor apply(Tensor logits, int[][] seen, double penalty);
}
