package tinyllm.weights;

import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/**
 * An opened model: a GGUF file, a safetensors file, or a folder with one or several shards. Names are those of Hugging Face
 * checkpoints whatever the format ("model.layers.0.self_attn.q_proj.weight", "model.embed_tokens.weight", "model.norm.weight",
 * "lm_head.weight"): GGUF names are translated, and stay as they are where there is no translation ("rope_freqs.weight").
 *
 * <p>It owns the mapped files. Every header is checked when it opens; a file that changes afterwards is an error of the next
 * {@link #load}. Loading is safe from several threads.
 */
public interface Checkpoint extends AutoCloseable {
    /**
     * Opens a GGUF or safetensors file (told apart by their bytes, not by the name) or a folder that holds one.
     *
     * @throws tinyllm.weights.format.FormatException a sentence with file, field, value and limit
     */
    static Checkpoint open(Path path) {
        return CheckpointOpener.open(path);
    }

    Path path();

    /**
     * config.json's fields, or GGUF metadata translated to the same field names (model_type, hidden_size, …). Fields that are null are
     * left out. Whole numbers are Integer or Long, others Double.
     */
    Map<String, Object> config();

    /** Raw metadata of a GGUF file ("tokenizer.ggml.tokens" as a List, …); empty for safetensors. */
    Map<String, Object> metadata();

    Set<String> names();

    boolean has(String name);

    /** Shape of the tensor after dequantization. */
    int[] shape(String name);

    /**
     * The tensor, dequantized to dtype; an MLX-quantized triple (weight, scales, biases) counts as one tensor. Real numbers load as
     * F32, F16 or BF16; integers and booleans as the type that they are stored in.
     */
    Tensor load(String name, DType dtype);

    /**
     * Reads a quantized matrix without dequantizing it.
     *
     * @param body gets the rows, which are valid until it returns
     * @return what body returned
     * @throws IllegalArgumentException when the tensor is not a quantized matrix ({@link #isQuantized})
     */
    <T> T quantized(String name, Function<AffineRows, T> body);

    /** true for a matrix in GGUF's blocks or in MLX's packing. */
    boolean isQuantized(String name);

    /** Bytes of the tensor in the file. */
    long fileBytes(String name);

    /** true when Q and K rows are stored permuted for neighbouring rotary pairs (GGUF's llama architecture). */
    boolean ropeTraditional();

    /** A text file beside the weights (tokenizer.json, tokenizer_config.json, …), or null; always null for GGUF. */
    @Nullable
    String textFile(String name);

    @Override
    void close();
}
