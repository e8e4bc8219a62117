package tinyllm.weights;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tinyllm.weights.format.FormatException;

/** GGUF metadata in the field names of {@code config.json}. What changes the output and has a name there is never left out. */
final class GgufConfig {
    /** GGUF's key after the architecture, and config.json's field. */
    private static final Map<String, String> FIELDS = Map.ofEntries(
            Map.entry("embedding_length", "hidden_size"),
            Map.entry("block_count", "num_hidden_layers"),
            Map.entry("attention.head_count", "num_attention_heads"),
            Map.entry("attention.head_count_kv", "num_key_value_heads"),
            Map.entry("attention.key_length", "head_dim"),
            Map.entry("feed_forward_length", "intermediate_size"),
            Map.entry("attention.layer_norm_rms_epsilon", "rms_norm_eps"),
            Map.entry("rope.freq_base", "rope_theta"),
            Map.entry("context_length", "max_position_embeddings"),
            Map.entry("expert_count", "num_experts"),
            Map.entry("expert_used_count", "num_experts_per_tok"),
            Map.entry("attention.scale", "attention_multiplier"),
            Map.entry("logit_scale", "logits_scaling"),
            Map.entry("residual_scale", "residual_multiplier"),
            Map.entry("embedding_scale", "embedding_multiplier"),
            Map.entry("attn_logit_softcapping", "attn_logit_softcapping"),
            Map.entry("final_logit_softcapping", "final_logit_softcapping"));

    private GgufConfig() {}

    /** @param shape of a tensor by its translated name, or null when the file has none of that name */
    static Map<String, Object> translate(Map<String, Object> metadata, Function<String, int @Nullable []> shape) {
        if (!(metadata.get("general.architecture") instanceof String architecture)) {
            throw new FormatException(
                    "general.architecture is missing from the metadata: the file does not say which model it is");
        }
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("model_type", architecture);
        FIELDS.forEach((key, field) -> put(config, field, metadata.get(architecture + "." + key)));
        put(config, "bos_token_id", metadata.get("tokenizer.ggml.bos_token_id"));
        put(config, "eos_token_id", metadata.get("tokenizer.ggml.eos_token_id"));
        config.put("hidden_act", "silu");
        config.put("tie_word_embeddings", shape.apply("lm_head.weight") == null);
        int[] embedding = shape.apply("model.embed_tokens.weight");
        if (embedding != null) {
            config.put("vocab_size", embedding[0]);
        }
        // GGUF leaves out what has a default there
        if (!config.containsKey("num_key_value_heads") && config.containsKey("num_attention_heads")) {
            config.put("num_key_value_heads", config.get("num_attention_heads"));
        }
        config.putIfAbsent("rope_theta", 10000.0);
        headDim(config, metadata, architecture);
        ropeScaling(config, metadata, architecture + ".rope.scaling.");
        if (metadata.get(architecture + ".attention.sliding_window") instanceof Number window
                && window.longValue() > 0) {
            put(config, "sliding_window", window);
            config.put("use_sliding_window", true);
        }
        return Collections.unmodifiableMap(config);
    }

    private static void headDim(Map<String, Object> config, Map<String, Object> metadata, String architecture) {
        Object hidden = config.get("hidden_size");
        Object heads = config.get("num_attention_heads");
        if (!config.containsKey("head_dim")
                && hidden instanceof Integer size
                && heads instanceof Integer count
                && count > 0
                && size % count == 0) {
            config.put("head_dim", size / count);
        }
        Object dim = config.get("head_dim");
        Object rotary = simple(metadata.get(architecture + ".rope.dimension_count"));
        if (rotary instanceof Integer turned && dim instanceof Integer whole && whole > 0 && !turned.equals(whole)) {
            config.put("partial_rotary_factor", turned / (double) whole);
        }
        Object value = simple(metadata.get(architecture + ".attention.value_length"));
        if (value != null && !value.equals(dim)) {
            config.put("v_head_dim", value);
        }
    }

    private static void ropeScaling(Map<String, Object> config, Map<String, Object> metadata, String prefix) {
        Map<String, Object> scaling = new LinkedHashMap<>();
        metadata.forEach((key, value) -> {
            if (key.startsWith(prefix)) {
                String field = key.substring(prefix.length());
                put(scaling, field.equals("type") ? "rope_type" : field, value);
            }
        });
        Object legacy = metadata.get(prefix.replace(".rope.scaling.", ".rope.scale_linear"));
        put(scaling, "factor", scaling.containsKey("factor") ? null : legacy);
        if (!scaling.isEmpty() && !"none".equals(scaling.get("rope_type"))) {
            config.put("rope_scaling", Collections.unmodifiableMap(scaling));
        }
    }

    private static void put(Map<String, Object> config, String field, @Nullable Object value) {
        Object simple = simple(value);
        if (simple != null) {
            config.put(field, simple);
        }
    }

    /** As JSON would have it: an Integer where it fits, and the shortest decimal of a float. */
    private static @Nullable Object simple(@Nullable Object value) {
        return switch (value) {
            case Long number when number == number.intValue() -> number.intValue();
            case Float number -> Double.parseDouble(number.toString());
            case List<?> list -> Collections.unmodifiableList(list);
            case null -> null;
            default -> value;
        };
    }
}
