package tinyllm.sampling.json;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** The types of JSON that a schema or a value is of. */
final class Types {

    private Types() {}

    /** The names in a "type". */
    static List<String> names(JsonNode type, String pointer) {
        List<String> names = new ArrayList<>();
        for (JsonNode name : type.isArray() ? type : List.of(type)) {
            if (!name.isString() || !Keywords.TYPES.contains(name.stringValue())) {
                throw new SchemaException(
                        pointer,
                        "type must be one of " + String.join(", ", Keywords.TYPES) + ", or a list of them, but is "
                                + Keywords.shown(type));
            }
            names.add(name.stringValue());
        }
        if (names.isEmpty()) {
            throw new SchemaException(pointer, "an empty list of types allows nothing");
        }
        return names;
    }

    /** Types that a schema allows: those it names, or those that its keywords speak of, or all. */
    static Set<String> of(JsonNode schema, String pointer) {
        Set<String> all = new LinkedHashSet<>();
        if (schema.has("type")) {
            all.addAll(names(schema.get("type"), pointer));
            if (all.contains("number")) {
                all.remove("integer");
            }
            return all;
        }
        for (String word : schema.propertyNames()) {
            String type = Keywords.TYPE_OF.get(word);
            if (type != null) {
                all.add(type);
            }
        }
        if (all.isEmpty()) {
            all.addAll(Keywords.TYPES);
            all.remove("integer");
        }
        return all;
    }

    static boolean has(JsonNode value, String type) {
        return switch (type) {
            case "object" -> value.isObject();
            case "array" -> value.isArray();
            case "string" -> value.isString();
            case "boolean" -> value.isBoolean();
            case "null" -> value.isNull();
            case "number" -> value.isNumber();
            default ->
                value.isNumber() && value.decimalValue().stripTrailingZeros().scale() <= 0;
        };
    }
}
