package tinyllm.nn;

import tinyllm.tensor.Tensor;

/**
 * The weights of one transformer block.
 *
 * @param index which layer it is, from 0
 * @param inputNorm {@code [E]}
 * @param postAttentionNorm {@code [E]}
 * @param gateProj E to I, as is upProj; downProj is I to E
 */
public record BlockWeights(
        int index,
        Tensor inputNorm,
        AttentionWeights attention,
        Tensor postAttentionNorm,
        Linear gateProj,
        Linear upProj,
        Linear downProj,
        double rmsNormEps) {}
