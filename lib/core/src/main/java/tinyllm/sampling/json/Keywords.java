package tinyllm.sampling.json;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** The words of JSON Schema (draft 2020-12 and what draft 7 calls differently) that are understood, and typed looks at their values. */
final class Keywords {

    /** Say something to a human, nothing to a validator. */
    static final Set<String> NOTES = Set.of(
            "title",
            "description",
            "default",
            "examples",
            "example",
            "deprecated",
            "readOnly",
            "writeOnly",
            "$schema",
            "$id",
            "$comment",
            "$defs",
            "definitions",
            "strict",
            "name",
            "discriminator"); // of OpenAPI, beside oneOf

    /** Each keyword that constrains one type, and that type. */
    static final Map<String, String> TYPE_OF = Map.ofEntries(
            Map.entry("properties", "object"),
            Map.entry("required", "object"),
            Map.entry("additionalProperties", "object"),
            Map.entry("patternProperties", "object"),
            Map.entry("propertyNames", "object"),
            Map.entry("minProperties", "object"),
            Map.entry("maxProperties", "object"),
            Map.entry("items", "array"),
            Map.entry("prefixItems", "array"),
            Map.entry("minItems", "array"),
            Map.entry("maxItems", "array"),
            Map.entry("uniqueItems", "array"),
            Map.entry("minLength", "string"),
            Map.entry("maxLength", "string"),
            Map.entry("pattern", "string"),
            Map.entry("format", "string"),
            Map.entry("minimum", "number"),
            Map.entry("maximum", "number"),
            Map.entry("exclusiveMinimum", "number"),
            Map.entry("exclusiveMaximum", "number"),
            Map.entry("multipleOf", "number"));

    static final Set<String> COMBINING = Set.of("type", "enum", "const", "$ref", "anyOf", "oneOf", "allOf");

    private static final String NULLABLE =
            "\"nullable\" is no keyword of JSON Schema: write \"type\": [\"string\", \"null\"], or the type that it is";

    static final List<String> TYPES = List.of("object", "array", "string", "number", "integer", "boolean", "null");

    private Keywords() {}

    /** @throws SchemaException for the first keyword that is not understood */
    static void check(JsonNode schema, String pointer) {
        for (String word : schema.propertyNames()) {
            if (!NOTES.contains(word) && !TYPE_OF.containsKey(word) && !COMBINING.contains(word)) {
                throw new SchemaException(
                        pointer,
                        word.equals("nullable")
                                ? NULLABLE
                                : "the keyword \"" + word + "\" is not supported. Supported are "
                                        + String.join(", ", supported()));
            }
        }
    }

    private static Set<String> supported() {
        Set<String> all = new TreeSet<>(TYPE_OF.keySet());
        all.addAll(COMBINING);
        return all;
    }

    /** Keywords that change which values are valid. */
    static Set<String> constraints(JsonNode schema) {
        Set<String> all = new TreeSet<>(schema.propertyNames());
        all.removeAll(NOTES);
        return all;
    }

    /** A count such as maxItems; null when absent. */
    static @Nullable Integer count(JsonNode schema, String word, String pointer) {
        JsonNode value = schema.get(word);
        if (value == null) {
            return null;
        }
        boolean whole =
                value.isNumber() && value.decimalValue().stripTrailingZeros().scale() <= 0;
        if (!whole || value.decimalValue().signum() < 0) {
            throw new SchemaException(pointer, word + " must be a whole number of 0 or more, but is " + shown(value));
        }
        return value.decimalValue().min(BigDecimal.valueOf(1_000_000_000)).intValue();
    }

    static @Nullable BigDecimal decimal(JsonNode schema, String word, String pointer) {
        JsonNode value = schema.get(word);
        if (value == null) {
            return null;
        }
        if (!value.isNumber()) {
            throw new SchemaException(pointer, word + " must be a number, but is " + shown(value));
        }
        BigDecimal number = value.decimalValue();
        if (number.precision() > 40 || Math.abs((long) number.scale()) > 40) {
            throw new SchemaException(pointer, word + " has more digits than are supported (40)");
        }
        return number;
    }

    static @Nullable String text(JsonNode schema, String word, String pointer) {
        JsonNode value = schema.get(word);
        if (value == null) {
            return null;
        }
        if (!value.isString()) {
            throw new SchemaException(pointer, word + " must be a string, but is " + shown(value));
        }
        return value.stringValue();
    }

    static String shown(JsonNode value) {
        String text = value.toString();
        return text.length() <= 60 ? text : text.substring(0, 57) + "…";
    }
}
