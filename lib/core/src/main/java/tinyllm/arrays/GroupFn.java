package tinyllm.arrays;

/** Exercise of chapter 2.2: a group of weights becomes a scale, a bias and small whole numbers. */
@FunctionalInterface
public interface GroupFn {

    /**
     * Quantizes weights that share a scale: the smallest gets code 0, the largest the largest code, and the codes between them stand
     * in equal steps.
     *
     * @param weights one or more finite numbers; they may all be equal
     * @param bits of a code, 2 to 8
     */
    AffineGroup quantize(float[] weights, int bits);
}
