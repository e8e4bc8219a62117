package tinyllm.nn;

import tinyllm.tensor.Tensor;

/** The token embedding, read as a table and, where weights are tied, as the output layer (chapter 1.5). */
public interface EmbeddingFn extends Part {

    /**
     * @param weight {@code [V, E]}
     * @param tokens L ids, each in 0…V-1
     * @return {@code [L, E]}
     */
    Tensor embed(Tensor weight, int[] tokens);

    /**
     * The logits of hidden states under the same table: {@code x · weightᵀ}.
     *
     * @param x {@code [..., E]}
     * @return {@code [..., V]}
     */
    Tensor asLinear(Tensor weight, Tensor x);
}
