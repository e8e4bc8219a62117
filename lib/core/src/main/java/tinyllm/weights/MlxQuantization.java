package tinyllm.weights;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tinyllm.weights.format.ElementType;
import tinyllm.weights.format.FormatException;

/**
 * The {@code quantization} field of an MLX checkpoint's config.json: {@code group_size} and {@code bits} for all layers, and under a
 * layer's name its own, or false for a layer that is not quantized.
 */
final class MlxQuantization {
    private final Map<?, ?> fields;

    private MlxQuantization(Map<?, ?> fields) {
        this.fields = fields;
    }

    static MlxQuantization of(Map<String, Object> config) {
        Object other = config.get("quantization_config");
        if (other instanceof Map<?, ?> map && map.containsKey("quant_method")) {
            throw new FormatException("config.json says that the weights are quantized by \"" + map.get("quant_method")
                    + "\" (quantization_config); this library reads plain and MLX-quantized safetensors, and GGUF");
        }
        Object value = config.getOrDefault("quantization", other == null ? Map.of() : other);
        if (!(value instanceof Map<?, ?> fields)) {
            throw new FormatException("quantization in config.json has to be an object with group_size and bits");
        }
        return new MlxQuantization(fields);
    }

    /** Joins every weight with its scales and biases. */
    Map<String, WeightSource> gather(Map<String, StoredTensor> stored) {
        Map<String, WeightSource> sources = new LinkedHashMap<>(stored);
        stored.forEach((name, weight) -> {
            boolean packed = name.endsWith(".weight") && weight.entry().type() == ElementType.U32;
            if (packed && !fields.isEmpty()) {
                String layer = name.substring(0, name.length() - ".weight".length());
                StoredTensor scales = part(stored, layer, "scales");
                StoredTensor biases = part(stored, layer, "biases");
                sources.put(name, new QuantizedTensor(form(layer), weight, scales, biases));
                sources.remove(layer + ".scales");
                sources.remove(layer + ".biases");
            }
        });
        return sources;
    }

    private static StoredTensor part(Map<String, StoredTensor> stored, String layer, String part) {
        StoredTensor tensor = stored.get(layer + "." + part);
        if (tensor == null) {
            throw new FormatException(
                    "\"" + layer + ".weight\" is quantized, and \"" + layer + "." + part + "\" is missing");
        }
        return tensor;
    }

    private AffineQuantization form(String layer) {
        Object own = fields.get(layer);
        Map<?, ?> values = own instanceof Map<?, ?> map ? map : fields;
        if (Boolean.FALSE.equals(own)) {
            throw new FormatException(
                    "config.json says that \"" + layer + "\" is not quantized; its weight is packed words (U32)");
        }
        Object mode = values.containsKey("mode") ? values.get("mode") : fields.get("mode");
        if (mode != null && !"affine".equals(mode)) {
            throw new FormatException(
                    "\"" + layer + "\" is quantized in the mode \"" + mode + "\"; this library reads \"affine\"");
        }
        try {
            return new AffineQuantization(whole(layer, "bits", values), whole(layer, "group_size", values));
        } catch (IllegalArgumentException e) {
            throw new FormatException("quantization of \"" + layer + "\" in config.json: " + e.getMessage(), e);
        }
    }

    private static int whole(String layer, String field, Map<?, ?> values) {
        @Nullable Object value = values.get(field);
        if (!(value instanceof Integer number)) {
            throw new FormatException("quantization of \"" + layer + "\" in config.json has " + field + " " + value
                    + "; a whole number is needed");
        }
        return number;
    }
}
