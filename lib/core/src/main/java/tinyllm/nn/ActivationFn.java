package tinyllm.nn;

import tinyllm.tensor.Tensor;

/** SiLU, {@code x · sigmoid(x)} (chapter 1.4). */
@FunctionalInterface
public interface ActivationFn extends Part {

    /** Same shape and dtype; finite for every finite x. */
    Tensor activate(Tensor x);
}
