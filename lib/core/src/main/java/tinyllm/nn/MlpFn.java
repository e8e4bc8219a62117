package tinyllm.nn;

import tinyllm.tensor.Tensor;

/** The SwiGLU MLP (chapter 1.4; Shazeer 2020). */
@FunctionalInterface
public interface MlpFn extends Part {

    /**
     * {@code down(silu(gate(x)) * up(x))}.
     *
     * @param x {@code [..., E]}
     * @param gate E to I, as is up; down is I to E
     * @return {@code [..., E]}
     */
    Tensor feed(Tensor x, Linear gate, Linear up, Linear down);
}
