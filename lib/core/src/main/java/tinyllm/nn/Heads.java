package tinyllm.nn;

import tinyllm.tensor.Tensor;

/** Between one wide vector a token and one narrow vector a head. */
public final class Heads {

    private Heads() {}

    /**
     * @param x {@code [B, L, H·D]}
     * @return {@code [B, H, L, D]}
     * @throws IllegalArgumentException when the last axis is no multiple of numHeads
     */
    public static Tensor split(Tensor x, int numHeads) {
        int width = x.dim(-1);
        if (numHeads < 1 || width % numHeads != 0) {
            throw new IllegalArgumentException(
                    "cannot split a width of " + width + " into " + numHeads + " heads: it is no multiple");
        }
        return x.reshape(x.dim(0), x.dim(1), numHeads, width / numHeads).transpose(0, 2, 1, 3);
    }

    /**
     * @param x {@code [B, H, L, D]}
     * @return {@code [B, L, H·D]}
     */
    public static Tensor merge(Tensor x) {
        return x.transpose(0, 2, 1, 3).reshape(x.dim(0), x.dim(2), x.dim(1) * x.dim(3));
    }
}
