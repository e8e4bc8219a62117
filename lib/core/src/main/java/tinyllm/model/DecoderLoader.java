package tinyllm.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tinyllm.nn.AttentionWeights;
import tinyllm.nn.BlockWeights;
import tinyllm.nn.DecoderWeights;
import tinyllm.nn.Linear;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;
import tinyllm.weights.Checkpoint;

/** Reads a decoder's weights by their checkpoint names; every shape is compared with the configuration before any byte is read. */
final class DecoderLoader {

    private final Checkpoint checkpoint;
    private final ModelConfig config;
    private final LoadListener listener;
    private final long total;
    private long read;

    DecoderLoader(Checkpoint checkpoint, ModelConfig config, LoadListener listener) {
        this.checkpoint = checkpoint;
        this.config = config;
        this.listener = listener;
        this.total =
                checkpoint.names().stream().mapToLong(checkpoint::fileBytes).sum();
    }

    /** Compares names and shapes with the configuration; reads nothing. */
    void check() {
        refuseUnknownTensors();
        checkShapes();
    }

    DecoderWeights load() {
        check();
        List<BlockWeights> layers = new ArrayList<>();
        for (int i = 0; i < config.numHiddenLayers(); i++) {
            layers.add(block(i));
        }
        Tensor lmHead = config.tieWordEmbeddings() ? null : tensor("lm_head.weight");
        return new DecoderWeights(
                tensor("model.embed_tokens.weight"), layers, tensor("model.norm.weight"), lmHead, config.rmsNormEps());
    }

    private BlockWeights block(int i) {
        String layer = "model.layers." + i + ".";
        return new BlockWeights(
                i,
                tensor(layer + "input_layernorm.weight"),
                attention(layer + "self_attn."),
                tensor(layer + "post_attention_layernorm.weight"),
                linear(layer + "mlp.gate_proj", false),
                linear(layer + "mlp.up_proj", false),
                linear(layer + "mlp.down_proj", false),
                config.rmsNormEps());
    }

    private AttentionWeights attention(String at) {
        return new AttentionWeights(
                linear(at + "q_proj", config.attentionBias()),
                linear(at + "k_proj", config.attentionBias()),
                linear(at + "v_proj", config.attentionBias()),
                linear(at + "o_proj", false),
                config.qkNorm() ? tensor(at + "q_norm.weight") : null,
                config.qkNorm() ? tensor(at + "k_norm.weight") : null,
                config.numAttentionHeads(),
                config.numKeyValueHeads(),
                config.headDim(),
                config.ropeTheta(),
                config.ropeTraditional(),
                config.rmsNormEps());
    }

    private Linear linear(String name, boolean bias) {
        @Nullable Tensor b = bias ? tensor(name + ".bias") : null;
        return new Linear(tensor(name + ".weight"), b);
    }

    private Tensor tensor(String name) {
        Tensor loaded = checkpoint.load(name, DType.F32).eval();
        read += checkpoint.fileBytes(name);
        listener.read(read, total);
        return loaded;
    }

    /** A tensor that would change the output and that no layer reads is an error, never ignored. */
    private void refuseUnknownTensors() {
        for (String name : checkpoint.names()) {
            if (name.contains("rope_freqs") || name.contains("rope_factors")) {
                throw new ConfigException("the file holds " + name
                        + ", which changes the rotary embedding, and this lab does not build it");
            }
            boolean qkvBias = name.endsWith("_proj.bias");
            boolean expected = config.attentionBias() && !name.endsWith("o_proj.bias") && name.contains("self_attn");
            if (qkvBias && !expected) {
                throw new ConfigException("the file holds " + name + ", which a "
                        + config.family().name().toLowerCase(java.util.Locale.ROOT)
                        + " model of this lab has no place for");
            }
        }
    }

    private void checkShapes() {
        int e = config.hiddenSize();
        int q = config.numAttentionHeads() * config.headDim();
        int kv = config.numKeyValueHeads() * config.headDim();
        int inner = config.intermediateSize();
        expect("model.embed_tokens.weight", config.vocabSize(), e);
        expect("model.norm.weight", e);
        if (!config.tieWordEmbeddings()) {
            expect("lm_head.weight", config.vocabSize(), e);
        }
        for (int i = 0; i < config.numHiddenLayers(); i++) {
            String at = "model.layers." + i + ".";
            expect(at + "input_layernorm.weight", e);
            expect(at + "post_attention_layernorm.weight", e);
            expect(at + "self_attn.q_proj.weight", q, e);
            expect(at + "self_attn.k_proj.weight", kv, e);
            expect(at + "self_attn.v_proj.weight", kv, e);
            expect(at + "self_attn.o_proj.weight", e, q);
            expect(at + "mlp.gate_proj.weight", inner, e);
            expect(at + "mlp.up_proj.weight", inner, e);
            expect(at + "mlp.down_proj.weight", e, inner);
            if (config.attentionBias()) {
                expect(at + "self_attn.q_proj.bias", q);
                expect(at + "self_attn.k_proj.bias", kv);
                expect(at + "self_attn.v_proj.bias", kv);
            }
            if (config.qkNorm()) {
                expect(at + "self_attn.q_norm.weight", config.headDim());
                expect(at + "self_attn.k_norm.weight", config.headDim());
            }
        }
    }

    private void expect(String name, int... shape) {
        if (!checkpoint.has(name)) {
            throw new ConfigException("the file has no tensor " + name + ", which its configuration asks for");
        }
        int[] found = checkpoint.shape(name);
        if (!Arrays.equals(found, shape)) {
            throw new ConfigException("tensor " + name + " has shape " + Arrays.toString(found)
                    + ", but the configuration asks for " + Arrays.toString(shape));
        }
    }
}
