package tinyllm.weights;

import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/**
 * CONTRACT STUB. An opened model: a GGUF file, a safetensors file, or a folder with one or several shards. Names are those of
 * Hugging Face checkpoints whatever the format ("model.layers.0.self_attn.q_proj.weight", "model.embed_tokens.weight",
 * "model.norm.weight", "lm_head.weight"): GGUF names are translated.
 */
public interface Checkpoint extends AutoCloseable {
    static Checkpoint open(Path path) {
        throw new UnsupportedOperationException("stub");
    }

    Path path();
    /** config.json's fields, or GGUF metadata translated to the same field names (model_type, hidden_size, …). */
    Map<String, Object> config();
    /** Raw metadata of a GGUF file ("tokenizer.ggml.tokens" as a List, …); empty for safetensors. */
    Map<String, Object> metadata();

    Set<String> names();

    boolean has(String name);
    /** Shape of the tensor after dequantization. */
    int[] shape(String name);
    /** The tensor, dequantized to dtype; an MLX-quantized triple (weight, scales, biases) counts as one tensor. */
    Tensor load(String name, DType dtype);
    /** Bytes of the tensor in the file. */
    long fileBytes(String name);
    /** true when Q and K rows are stored permuted for neighbouring rotary pairs (GGUF's llama architecture). */
    boolean ropeTraditional();
    /** A text file beside the weights (tokenizer.json, tokenizer_config.json, …), or null. */
    @Nullable
    String textFile(String name);

    @Override
    void close();
}
