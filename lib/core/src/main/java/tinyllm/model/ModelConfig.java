package tinyllm.model;

import java.util.Map;

/**
 * What a decoder-only model says of itself; checked before a weight is read.
 *
 * @param attentionBias biases on the Q, K and V projections (Qwen2)
 * @param ropeTraditional true when the rotary pairs are neighbours (GGUF's llama architecture)
 * @param maxPositionEmbeddings the context length in tokens
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
        boolean attentionBias,
        boolean tieWordEmbeddings,
        int maxPositionEmbeddings) {

    /** The model families that this lab builds; Qwen2.5 is a Qwen2. */
    public enum Family {
        QWEN2,
        QWEN3,
        LLAMA
    }

    public ModelConfig {
        range("hidden_size", hiddenSize, 1, 1 << 17);
        range("num_hidden_layers", numHiddenLayers, 1, 1024);
        range("num_attention_heads", numAttentionHeads, 1, 4096);
        range("num_key_value_heads", numKeyValueHeads, 1, 4096);
        range("head_dim", headDim, 2, 4096);
        range("intermediate_size", intermediateSize, 1, 1 << 20);
        range("vocab_size", vocabSize, 1, 1 << 24);
        range("max_position_embeddings", maxPositionEmbeddings, 1, 1 << 24);
        positive("rms_norm_eps", rmsNormEps, 1);
        positive("rope_theta", ropeTheta, 1e12);
        if (numAttentionHeads % numKeyValueHeads != 0) {
            throw new ConfigException("num_attention_heads (" + numAttentionHeads
                    + ") must be a multiple of num_key_value_heads (" + numKeyValueHeads + ")");
        }
        if (headDim % 2 != 0) {
            throw new ConfigException("head_dim must be even for rotary pairs, but is " + headDim);
        }
    }

    /**
     * Reads the fields of {@code config.json}, or GGUF metadata under the same names.
     *
     * @throws ConfigException when a field is missing, out of range, or asks for something that is not built
     */
    public static ModelConfig from(Map<String, Object> config, boolean ropeTraditional) {
        return new ConfigReader(config).read(ropeTraditional);
    }

    public boolean qkNorm() {
        return family == Family.QWEN3;
    }

    /** Bytes of one token's keys and values in all layers, for elements of the given size. */
    public long kvBytesPerToken(int bytesPerElement) {
        return 2L * numHiddenLayers * numKeyValueHeads * headDim * bytesPerElement;
    }

    private static void range(String field, int value, int low, int high) {
        if (value < low || value > high) {
            throw new ConfigException(field + " must be in " + low + "…" + high + ", but is " + value);
        }
    }

    private static void positive(String field, double value, double high) {
        if (!(value > 0) || value > high) {
            throw new ConfigException(field + " must be above 0 and at most " + high + ", but is " + value);
        }
    }
}
