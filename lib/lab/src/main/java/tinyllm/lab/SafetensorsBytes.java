package tinyllm.lab;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tinyllm.model.CausalLm;
import tinyllm.nn.AttentionWeights;
import tinyllm.nn.BlockWeights;
import tinyllm.nn.Linear;
import tinyllm.tensor.Tensor;

/** Writes a safetensors file into memory, tensor by tensor (chapter 1.5). */
public final class SafetensorsBytes {

    private final StringBuilder json = new StringBuilder("{");
    private final ByteArrayOutputStream data = new ByteArrayOutputStream();

    /** One layer of a model under the checkpoint's names, in float32. */
    public static byte[] layer(CausalLm model, int layer) {
        BlockWeights w = model.weights().layers().get(layer);
        AttentionWeights a = w.attention();
        SafetensorsBytes file = new SafetensorsBytes().metadata(Map.of("format", "pt", "model", model.name()));
        String at = "model.layers." + layer + ".";
        file.tensor(at + "input_layernorm.weight", w.inputNorm());
        Map<String, Linear> linears = new LinkedHashMap<>();
        linears.put("self_attn.q_proj", a.qProj());
        linears.put("self_attn.k_proj", a.kProj());
        linears.put("self_attn.v_proj", a.vProj());
        linears.put("self_attn.o_proj", a.oProj());
        linears.put("mlp.gate_proj", w.gateProj());
        linears.put("mlp.up_proj", w.upProj());
        linears.put("mlp.down_proj", w.downProj());
        linears.forEach((name, linear) -> {
            file.tensor(at + name + ".weight", linear.weight());
            file.optional(at + name + ".bias", linear.bias());
        });
        file.optional(at + "self_attn.q_norm.weight", a.qNorm());
        file.optional(at + "self_attn.k_norm.weight", a.kNorm());
        file.tensor(at + "post_attention_layernorm.weight", w.postAttentionNorm());
        return file.bytes();
    }

    /** The strings under {@code __metadata__}; call it at most once. */
    public SafetensorsBytes metadata(Map<String, String> strings) {
        StringBuilder inner = new StringBuilder();
        strings.forEach((key, value) -> inner.append(inner.isEmpty() ? "" : ",")
                .append(quoted(key))
                .append(':')
                .append(quoted(value)));
        return field("__metadata__", "{" + inner + "}");
    }

    /** A tensor's values in float32. */
    public SafetensorsBytes tensor(String name, Tensor tensor) {
        float[] values = tensor.toFloats();
        ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(values.length, Float.BYTES))
                .order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        List<Integer> shape = java.util.Arrays.stream(tensor.shape()).boxed().toList();
        return tensor(name, "F32", shape, bytes.array());
    }

    /** A tensor from its bytes, which have to be as many as shape and dtype need. */
    public SafetensorsBytes tensor(String name, String dtype, List<Integer> shape, byte[] bytes) {
        int begin = data.size();
        data.writeBytes(bytes);
        return field(
                name,
                "{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":[" + begin + ", " + data.size()
                        + "]}");
    }

    /** The whole file; the header is padded with blanks to a multiple of 8. */
    public byte[] bytes() {
        StringBuilder header = new StringBuilder(json).append('}');
        int length = header.toString().getBytes(StandardCharsets.UTF_8).length;
        header.repeat(" ", -length & 7);
        byte[] utf8 = header.toString().getBytes(StandardCharsets.UTF_8);
        ByteBuffer file = ByteBuffer.allocate(8 + utf8.length + data.size()).order(ByteOrder.LITTLE_ENDIAN);
        return file.putLong(utf8.length).put(utf8).put(data.toByteArray()).array();
    }

    private void optional(String name, @Nullable Tensor tensor) {
        if (tensor != null) {
            tensor(name, tensor);
        }
    }

    private SafetensorsBytes field(String name, String value) {
        json.append(json.length() == 1 ? "" : ",")
                .append(quoted(name))
                .append(':')
                .append(value);
        return this;
    }

    private static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }
}
