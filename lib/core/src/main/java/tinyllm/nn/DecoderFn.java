package tinyllm.nn;

import tinyllm.tensor.Tensor;

/** A whole decoder: from token ids to the logits of the next token (chapter 1.5). */
public interface DecoderFn extends Part {

    /**
     * Embedding, every block under a causal mask, final norm.
     *
     * @param tokens L ids
     * @return {@code [1, L, E]}
     */
    Tensor hidden(int[] tokens, DecoderWeights weights, Parts parts);

    /**
     * The output layer.
     *
     * @param hidden {@code [..., E]}
     * @return {@code [..., V]}
     */
    Tensor head(Tensor hidden, DecoderWeights weights, Parts parts);
}
