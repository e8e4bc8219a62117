package tinyllm.nn;

import tinyllm.tensor.Tensor;

/** Turns counts into shares (chapter 0's warm-up; a model has no place for it). */
@FunctionalInterface
public interface SharesFn {

    /**
     * Every row divided by its sum.
     *
     * @param counts {@code [R, C]}, no row sums to 0
     * @return {@code [R, C]}, every row sums to 1
     */
    Tensor shares(Tensor counts);
}
