package tinyllm.model;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tinyllm.model.ModelConfig.Family;

/** Reads configuration fields with their types checked, and refuses by name what would change the output and is not built. */
final class ConfigReader {

    private final Map<String, Object> config;

    ConfigReader(Map<String, Object> config) {
        this.config = config;
    }

    ModelConfig read(boolean ropeTraditional) {
        Family family = family();
        refuseUnbuilt(family);
        int heads = integer("num_attention_heads", null);
        int hidden = integer("hidden_size", null);
        if (heads < 1) {
            throw new ConfigException("num_attention_heads must be 1 or more, but is " + heads);
        }
        int headDim = integer("head_dim", hidden % heads == 0 ? hidden / heads : null);
        return new ModelConfig(
                family,
                hidden,
                integer("num_hidden_layers", null),
                heads,
                integer("num_key_value_heads", heads),
                headDim,
                integer("intermediate_size", null),
                integer("vocab_size", null),
                number("rms_norm_eps", 1e-6),
                ropeTheta(),
                ropeTraditional,
                family == Family.QWEN2,
                flag("tie_word_embeddings", false),
                integer("max_position_embeddings", null));
    }

    private Family family() {
        Object type = config.get("model_type");
        if (type == null) {
            throw new ConfigException("the configuration has no model_type");
        }
        return switch (type.toString()) {
            case "qwen2" -> Family.QWEN2;
            case "qwen3" -> Family.QWEN3;
            case "llama" -> Family.LLAMA;
            default ->
                throw new ConfigException("model_type is \"" + printable(type)
                        + "\"; this lab builds qwen2 (also Qwen2.5), qwen3 and llama");
        };
    }

    /** Fields that scale, cap or route something in other models of these families; 1, 0, false and null leave it as it is. */
    private static final List<String> NEVER_BUILT = List.of(
            "attention_multiplier",
            "logits_scaling",
            "residual_multiplier",
            "embedding_multiplier",
            "attn_logit_softcapping",
            "final_logit_softcapping",
            "num_experts",
            "num_local_experts");

    private void refuseUnbuilt(Family family) {
        for (String field : NEVER_BUILT) {
            Object value = config.get(field);
            boolean neutral =
                    field.startsWith("num_") || field.endsWith("capping") ? isNumber(value, 0) : isNumber(value, 1);
            if (value != null && !neutral) {
                throw unbuilt(field, value);
            }
        }
        if (config.get("v_head_dim") instanceof Number v && !isNumber(config.get("head_dim"), v.doubleValue())) {
            throw unbuilt("v_head_dim", v);
        }
        refuseUnless("hidden_act", "silu");
        refuseUnless("use_sliding_window", false);
        refuseUnless("mlp_bias", false);
        refuseUnless("partial_rotary_factor", 1.0);
        if (family != Family.QWEN2) {
            refuseUnless("attention_bias", false);
        }
        if (config.get("rope_scaling") instanceof Map<?, ?> scaling && !isDefaultRope(scaling)) {
            throw unbuilt("rope_scaling", scaling);
        } else if (config.get("rope_scaling") != null && !(config.get("rope_scaling") instanceof Map<?, ?>)) {
            throw unbuilt("rope_scaling", config.get("rope_scaling"));
        }
        if (config.get("rope_parameters") instanceof Map<?, ?> rope && !isDefaultRope(rope)) {
            throw unbuilt("rope_parameters", rope);
        }
        if (config.get("layer_types") instanceof List<?> types) {
            for (Object type : types) {
                if (!"full_attention".equals(type)) {
                    throw unbuilt("layer_types", type);
                }
            }
        }
    }

    private static boolean isNumber(@Nullable Object value, double expected) {
        return value instanceof Number n && n.doubleValue() == expected;
    }

    private static boolean isDefaultRope(Map<?, ?> rope) {
        Object type = rope.containsKey("rope_type") ? rope.get("rope_type") : rope.get("type");
        return "default".equals(type) || (type == null && rope.isEmpty());
    }

    private void refuseUnless(String field, Object built) {
        Object value = config.get(field);
        boolean same = value == null
                || (value instanceof Number n && built instanceof Number b
                        ? n.doubleValue() == b.doubleValue()
                        : value.equals(built));
        if (!same) {
            throw unbuilt(field, value);
        }
    }

    private static ConfigException unbuilt(String field, @Nullable Object value) {
        return new ConfigException(field + " = " + printable(value)
                + " would change what the model computes, and this lab does not build it");
    }

    private double ropeTheta() {
        if (config.get("rope_parameters") instanceof Map<?, ?> rope && rope.get("rope_theta") instanceof Number theta) {
            return theta.doubleValue();
        }
        return number("rope_theta", 10_000.0);
    }

    private int integer(String field, @Nullable Integer fallback) {
        Object value = config.get(field);
        if (value == null) {
            if (fallback == null) {
                throw new ConfigException("the configuration has no " + field);
            }
            return fallback;
        }
        if (value instanceof Number n && n.doubleValue() == Math.rint(n.doubleValue())) {
            double d = n.doubleValue();
            if (Math.abs(d) <= Integer.MAX_VALUE) {
                return (int) d;
            }
        }
        throw new ConfigException(field + " must be an integer, but is " + printable(value));
    }

    private double number(String field, double fallback) {
        Object value = config.get(field);
        if (value == null) {
            return fallback;
        }
        if (value instanceof Number n) {
            return n.doubleValue();
        }
        throw new ConfigException(field + " must be a number, but is " + printable(value));
    }

    private boolean flag(String field, boolean fallback) {
        Object value = config.get(field);
        if (value == null) {
            return fallback;
        }
        if (value instanceof Boolean b) {
            return b;
        }
        throw new ConfigException(field + " must be true or false, but is " + printable(value));
    }

    /** File content in a message is cut and freed of control characters. */
    private static String printable(@Nullable Object value) {
        String text = String.valueOf(value).replaceAll("\\p{Cntrl}", "?");
        return text.length() > 60 ? text.substring(0, 60) + "…" : text;
    }
}
