package tinyllm.cache;

import tinyllm.tensor.Tensor;

/**
 * The keys and values of one layer.
 *
 * @param keys {@code [1, H_kv, S, D]}
 * @param values {@code [1, H_kv, S, D]}
 */
public record KeysValues(Tensor keys, Tensor values) {}
