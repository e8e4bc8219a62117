package tinyllm.model;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import tinyllm.weights.AffineQuantization;

/** Writes a small random model as MLX does: 4 bits in groups of 64, float16 scales and biases; embedding and output among them. */
final class TinyQuantized {
    private static final int HIDDEN = 128;
    private static final int INNER = 192;
    private static final int VOCABULARY = 64;
    private static final AffineQuantization FORM = new AffineQuantization(4, 64);

    private final Random random = new Random(42);
    private final Map<String, String> header = new LinkedHashMap<>();
    private final ByteArrayOutputStream data = new ByteArrayOutputStream();

    /** @param family qwen2, qwen3 or llama */
    static Path write(Path folder, String family) throws IOException {
        return new TinyQuantized().save(folder, family);
    }

    private Path save(Path folder, String family) throws IOException {
        matrix("model.embed_tokens", VOCABULARY, HIDDEN);
        vector("model.norm.weight", HIDDEN, 1);
        for (int i = 0; i < 2; i++) {
            String layer = "model.layers." + i + ".";
            vector(layer + "input_layernorm.weight", HIDDEN, 1);
            vector(layer + "post_attention_layernorm.weight", HIDDEN, 1);
            matrix(layer + "self_attn.q_proj", 4 * 32, HIDDEN);
            matrix(layer + "self_attn.k_proj", 2 * 32, HIDDEN);
            matrix(layer + "self_attn.v_proj", 2 * 32, HIDDEN);
            matrix(layer + "self_attn.o_proj", HIDDEN, 4 * 32);
            matrix(layer + "mlp.gate_proj", INNER, HIDDEN);
            matrix(layer + "mlp.up_proj", INNER, HIDDEN);
            matrix(layer + "mlp.down_proj", HIDDEN, INNER);
            if (family.equals("qwen2")) {
                vector(layer + "self_attn.q_proj.bias", 4 * 32, 0);
                vector(layer + "self_attn.k_proj.bias", 2 * 32, 0);
                vector(layer + "self_attn.v_proj.bias", 2 * 32, 0);
            }
            if (family.equals("qwen3")) {
                vector(layer + "self_attn.q_norm.weight", 32, 1);
                vector(layer + "self_attn.k_norm.weight", 32, 1);
            }
        }
        byte[] json = ("{" + String.join(",", header.values()) + "}").getBytes(StandardCharsets.UTF_8);
        ByteBuffer file = ByteBuffer.allocate(8 + json.length + data.size()).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(json.length).put(json).put(data.toByteArray());
        Files.write(folder.resolve("model.safetensors"), file.array());
        Files.writeString(folder.resolve("config.json"), """
                {"model_type": "%s", "hidden_size": %d, "num_hidden_layers": 2, "num_attention_heads": 4,
                 "num_key_value_heads": 2, "head_dim": 32, "intermediate_size": %d, "vocab_size": %d,
                 "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "tie_word_embeddings": true,
                 "max_position_embeddings": 256, "quantization": {"bits": 4, "group_size": 64}}
                """.formatted(family, HIDDEN, INNER, VOCABULARY));
        return folder;
    }

    private void matrix(String layer, int rows, int cols) {
        float[] weights = new float[rows * cols];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = (float) (random.nextGaussian() / Math.sqrt(cols));
        }
        AffineQuantization.Packed packed = FORM.quantize(weights, rows, cols);
        ByteBuffer words = ByteBuffer.allocate(4 * packed.words().length).order(ByteOrder.LITTLE_ENDIAN);
        words.asIntBuffer().put(packed.words());
        put(layer + ".weight", "U32", words.array(), rows, cols / 8);
        put(layer + ".scales", "F16", halves(packed.scales()), rows, cols / 64);
        put(layer + ".biases", "F16", halves(packed.biases()), rows, cols / 64);
    }

    private void vector(String name, int count, double mean) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (mean + 0.1 * random.nextGaussian());
        }
        put(name, "F16", halves(values), count);
    }

    private static byte[] halves(float[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(2 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            bytes.putShort(Float.floatToFloat16(value));
        }
        return bytes.array();
    }

    private void put(String name, String dtype, byte[] bytes, int... shape) {
        int begin = data.size();
        data.writeBytes(bytes);
        header.put(
                name,
                "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
                        .formatted(name, dtype, java.util.Arrays.toString(shape), begin, data.size()));
    }
}
