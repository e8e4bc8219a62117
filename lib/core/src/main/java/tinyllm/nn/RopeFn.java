package tinyllm.nn;

import tinyllm.tensor.Tensor;

/** Rotary position embedding (chapter 1.2; Su et al. 2021). */
@FunctionalInterface
public interface RopeFn extends Part {

    /**
     * Rotates pair i of the vector at position p by the angle {@code p · theta^(-2i/D)}.
     *
     * @param x {@code [..., L, D]}, D even
     * @param offset position of the first of the L vectors
     * @param theta the base, 1e6 for Qwen2
     * @param traditional true pairs neighbours (2i, 2i+1), false pairs halves (i, i + D/2) as Qwen does
     * @return {@code [..., L, D]}, same dtype
     */
    Tensor rotate(Tensor x, int offset, double theta, boolean traditional);
}
