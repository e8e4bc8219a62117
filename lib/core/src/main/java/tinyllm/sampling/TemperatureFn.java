package tinyllm.sampling;

import tinyllm.tensor.Tensor;

/** Sharpens or flattens the distribution (chapter 1.7). */
@FunctionalInterface
public non-sealed interface TemperatureFn extends SamplingFn {

    /**
     * @param logits {@code [B, V]}
     * @param temperature above 0
     * @return {@code [B, V]}, logits / temperature
     */
    Tensor scale(Tensor logits, double temperature);
}
