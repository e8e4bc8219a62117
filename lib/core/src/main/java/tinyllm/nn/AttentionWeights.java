package tinyllm.nn;

import org.jspecify.annotations.Nullable;
import tinyllm.tensor.Tensor;

/**
 * The weights of one attention layer, and the numbers that say how to read them.
 *
 * @param qProj E to H_q·D; Qwen2 has a bias on q, k and v, Qwen3 and Llama have none
 * @param kProj E to H_kv·D
 * @param vProj E to H_kv·D
 * @param oProj H_q·D to E
 * @param qNorm {@code [D]}, RMSNorm of every query head (Qwen3), or null
 * @param kNorm {@code [D]}, RMSNorm of every key head (Qwen3), or null
 */
public record AttentionWeights(
        Linear qProj,
        Linear kProj,
        Linear vProj,
        Linear oProj,
        @Nullable Tensor qNorm,
        @Nullable Tensor kNorm,
        int numHeads,
        int numKvHeads,
        int headDim,
        double ropeTheta,
        boolean ropeTraditional,
        double rmsNormEps) {

    public AttentionWeights {
        width("q_proj", qProj, numHeads, headDim);
        width("k_proj", kProj, numKvHeads, headDim);
        width("v_proj", vProj, numKvHeads, headDim);
        if (oProj.weight().dim(1) != numHeads * headDim) {
            throw new IllegalArgumentException("o_proj reads " + oProj.weight().dim(1) + " values, but " + numHeads
                    + " heads of " + headDim + " give " + numHeads * headDim);
        }
        norm("q_norm", qNorm, headDim);
        norm("k_norm", kNorm, headDim);
    }

    private static void width(String name, Linear linear, int heads, int headDim) {
        if (linear.weight().dim(0) != heads * headDim) {
            throw new IllegalArgumentException(name + " has " + linear.weight().dim(0) + " rows, but " + heads
                    + " heads of " + headDim + " need " + heads * headDim);
        }
    }

    private static void norm(String name, @Nullable Tensor weight, int headDim) {
        if (weight != null && (weight.rank() != 1 || weight.dim(0) != headDim)) {
            throw new IllegalArgumentException(
                    name + " must have shape [" + headDim + "], but has " + java.util.Arrays.toString(weight.shape()));
        }
    }
}
