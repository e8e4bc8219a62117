package tinyllm.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tinyllm.kernel.CachedAttention;
import tinyllm.kernel.InstructionSets;
import tinyllm.kernel.KernelChoice;
import tinyllm.kernel.KernelSet;
import tinyllm.kernel.MlxKernels;
import tinyllm.kernel.PackedWeight;
import tinyllm.kernel.QuantizedMatmul;
import tinyllm.kernel.RopeTable;
import tinyllm.tensor.DType;
import tinyllm.tensor.Device;
import tinyllm.tensor.Tensor;
import tinyllm.weights.Checkpoint;

/** Reads a decoder's weights without dequantizing them, into the form that a set of kernels takes. */
final class KernelLoader {
    private final Checkpoint checkpoint;
    private final ModelConfig config;
    private final KernelSet kernels;
    private final QuantizedReader reader;
    private final RopeTable rope;
    private final Map<String, Integer> matrices = new TreeMap<>();

    KernelLoader(Checkpoint checkpoint, ModelConfig config, KernelSet kernels, LoadListener listener) {
        this.checkpoint = checkpoint;
        this.config = config;
        this.kernels = KernelChoice.effective(kernels, Device.current());
        this.reader = new QuantizedReader(checkpoint, this.kernels, matrices, listener);
        this.rope = new RopeTable(config.headDim(), config.ropeTheta());
    }

    /** Why this model can't run on these kernels; null when it can. */
    static @Nullable String obstacle(Checkpoint checkpoint, ModelConfig config, KernelSet kernels) {
        if (KernelChoice.effective(kernels, Device.current()) != KernelSet.OWN) {
            return null;
        }
        if (checkpoint.names().stream().noneMatch(checkpoint::isQuantized)) {
            return "its weights are real numbers, not quantized";
        }
        int q = config.numAttentionHeads() * config.headDim();
        for (int cols : new int[] {config.hiddenSize(), config.intermediateSize(), q}) {
            if (KernelChoice.matrix(kernels, Device.CPU, null, cols) == KernelChoice.Matrix.FLOAT) {
                return "a matrix of " + cols + " columns is no multiple of 32";
            }
        }
        return KernelChoice.attention(kernels, Device.CPU, config.headDim()) == KernelChoice.Attention.OWN_FLASH
                ? null
                : "heads of " + config.headDim() + " components are too wide";
    }

    KernelBackbone load() {
        return kernels == KernelSet.OWN ? own() : mlx();
    }

    private KernelBackbone own() {
        PackedWeight table = reader.packed("model.embed_tokens.weight", null);
        List<LayerKernels> layers = new ArrayList<>();
        for (int i = 0; i < config.numHiddenLayers(); i++) {
            layers.add(ownLayer(i));
        }
        PackedWeight head = config.tieWordEmbeddings() ? table : reader.packed("lm_head.weight", null);
        QuantizedMatmul output = QuantizedMatmul.of(reader.real("model.norm.weight"), config.rmsNormEps(), head);
        long bytes = layers.stream().mapToLong(LayerKernels::nbytes).sum()
                + table.nbytes()
                + (config.tieWordEmbeddings() ? 0 : head.nbytes())
                + 4L * config.hiddenSize();
        return backbone(
                ids -> QuantizedMatmul.embed(table, ids),
                layers,
                output::apply,
                OwnLayer.operation(ModelOperation.OUTPUT, output),
                bytes);
    }

    private OwnLayer ownLayer(int i) {
        String layer = "model.layers." + i + ".";
        String attention = layer + "self_attn.";
        LayerNorms norms = norms(layer);
        double eps = config.rmsNormEps();
        CachedAttention attend = new CachedAttention(
                        config.numAttentionHeads(),
                        config.numKeyValueHeads(),
                        config.headDim(),
                        config.ropeTraditional(),
                        1 / Math.sqrt(config.headDim()))
                .withNorms(norms.qNorm(), norms.kNorm(), eps);
        return new OwnLayer(
                i,
                config,
                QuantizedMatmul.of(
                        norms.input(),
                        eps,
                        reader.packed(attention + "q_proj.weight", bias(attention + "q_proj")),
                        reader.packed(attention + "k_proj.weight", bias(attention + "k_proj")),
                        reader.packed(attention + "v_proj.weight", bias(attention + "v_proj"))),
                attend,
                rope,
                QuantizedMatmul.of(reader.packed(attention + "o_proj.weight", null)),
                QuantizedMatmul.swiGlu(
                        norms.postAttention(),
                        eps,
                        reader.packed(layer + "mlp.gate_proj.weight", null),
                        reader.packed(layer + "mlp.up_proj.weight", null)),
                QuantizedMatmul.of(reader.packed(layer + "mlp.down_proj.weight", null)),
                norms);
    }

    private KernelBackbone mlx() {
        MlxLinear table = reader.mlx("model.embed_tokens.weight", null);
        List<LayerKernels> layers = new ArrayList<>();
        for (int i = 0; i < config.numHiddenLayers(); i++) {
            layers.add(mlxLayer(i));
        }
        MlxLinear head = config.tieWordEmbeddings() ? table : reader.mlx("lm_head.weight", null);
        Tensor norm = reader.real("model.norm.weight");
        long bytes = layers.stream().mapToLong(LayerKernels::nbytes).sum()
                + table.nbytes()
                + (config.tieWordEmbeddings() ? 0 : head.nbytes())
                + norm.nbytes();
        return backbone(
                table::rows,
                layers,
                hidden -> head.apply(MlxKernels.rmsNorm(hidden, norm, config.rmsNormEps())),
                head.operation(ModelOperation.OUTPUT),
                bytes);
    }

    private MlxLayer mlxLayer(int i) {
        String layer = "model.layers." + i + ".";
        String attention = layer + "self_attn.";
        return new MlxLayer(
                i,
                config,
                reader.mlx(attention + "q_proj.weight", bias(attention + "q_proj")),
                reader.mlx(attention + "k_proj.weight", bias(attention + "k_proj")),
                reader.mlx(attention + "v_proj.weight", bias(attention + "v_proj")),
                reader.mlx(attention + "o_proj.weight", null),
                reader.mlx(layer + "mlp.gate_proj.weight", null),
                reader.mlx(layer + "mlp.up_proj.weight", null),
                reader.mlx(layer + "mlp.down_proj.weight", null),
                norms(layer));
    }

    private LayerNorms norms(String layer) {
        return new LayerNorms(
                reader.real(layer + "input_layernorm.weight"),
                reader.real(layer + "post_attention_layernorm.weight"),
                config.qkNorm() ? reader.real(layer + "self_attn.q_norm.weight") : null,
                config.qkNorm() ? reader.real(layer + "self_attn.k_norm.weight") : null,
                config.rmsNormEps());
    }

    /** A second reading of a few small vectors, so that pages can store keys without them. */
    private List<Tensor> keyBiases() {
        List<Tensor> biases = new ArrayList<>();
        for (int i = 0; config.attentionBias() && i < config.numHiddenLayers(); i++) {
            biases.add(reader.real("model.layers." + i + ".self_attn.k_proj.bias"));
        }
        return biases;
    }

    private @Nullable Tensor bias(String layer) {
        return config.attentionBias() ? reader.real(layer + ".bias") : null;
    }

    private KernelBackbone backbone(
            KernelBackbone.Table table,
            List<LayerKernels> layers,
            KernelBackbone.Output output,
            ModelOperation outputOperation,
            long bytes) {
        Map<String, String> variants = new LinkedHashMap<>();
        boolean own = kernels == KernelSet.OWN;
        List<String> kinds = matrices.entrySet().stream()
                .map(e -> e.getKey() + " × " + e.getValue())
                .toList();
        variants.put(
                "matmul",
                (own ? "own " + InstructionSets.current() + ", int8 activations: " : "mlx: ")
                        + String.join(", ", kinds));
        variants.put("attention", own ? "own flash, float16 cache" : "mlx fused, float32 cache");
        variants.put("rows", own ? "own, fused" : "mlx");
        return new KernelBackbone(
                config,
                kernels,
                table,
                layers,
                output,
                outputOperation,
                variants,
                bytes,
                own ? DType.F16 : DType.F32,
                keyBiases());
    }
}
