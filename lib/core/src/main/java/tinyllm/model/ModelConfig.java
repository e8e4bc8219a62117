package tinyllm.model;

/**
 * CONTRACT STUB: what a decoder-only model says of itself. Validated in the constructor (row F12).
 *
 * @param ropeTraditional true when the rotary pairs are neighbours (GGUF's llama architecture)
 */
public record ModelConfig(
        Family family,
        int hiddenSize,
        int numHiddenLayers,
        int numAttentionHeads,
        int numKeyValueHeads,
        int headDim,
        int intermediateSize,
        int vocabSize,
        double rmsNormEps,
        double ropeTheta,
        boolean ropeTraditional,
        boolean tieWordEmbeddings,
        int maxPositionEmbeddings) {

    public enum Family {
        QWEN2,
        QWEN3,
        LLAMA
    }
}
