package tinyllm.profile;

/** Counts what an operation has to do at least (chapter 4.6). A multiply and an add are two operations; each byte counts once. */
public interface WorkFn {

    /**
     * A linear layer: {@code [L, in]} times weights {@code [out, in]}, activations in float32.
     *
     * @param bitsPerWeight 32 for float32, 4.5 for 4 bits with a 16-bit scale and a 16-bit bias for each group of 64
     */
    Work linear(int tokens, int in, int out, double bitsPerWeight);

    /**
     * Causal attention of one layer: L tokens over those in the cache and themselves. Queries and results are float32; the softmax, about
     * one in D operations, is left out.
     *
     * @param cached tokens that are there already
     * @param kvBytes bytes of one number of a key or value
     */
    Work attention(int tokens, int cached, int heads, int kvHeads, int headDim, int kvBytes);
}
