package tinyllm.sampling.json;

import java.util.HashSet;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Whether two schemas provably share no value: other types, other constants, or a required property that tells them apart. */
final class Disjoint {

    private static final int DEPTH = 8;
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private final UnaryOperator<JsonNode> resolve;
    private final SchemaBudget budget;

    /** @param resolve a schema with its $ref followed */
    Disjoint(UnaryOperator<JsonNode> resolve, SchemaBudget budget) {
        this.resolve = resolve;
        this.budget = budget;
    }

    boolean are(JsonNode left, JsonNode right) {
        return are(left, right, DEPTH);
    }

    private boolean are(JsonNode left, JsonNode right, int depth) {
        JsonNode l = resolve.apply(left);
        JsonNode r = resolve.apply(right);
        budget.step(1L + l.size() + r.size());
        if (!l.isObject() || !r.isObject() || depth == 0) {
            return l.isBoolean() && !l.booleanValue() || r.isBoolean() && !r.booleanValue();
        }
        Set<JsonNode> x = values(l);
        Set<JsonNode> y = values(r);
        if (x != null && y != null) {
            return x.stream().noneMatch(y::contains);
        }
        if (x != null || y != null) {
            return typesApart(x == null ? l : r, x == null ? y : x);
        }
        return typesApart(l, r) || propertyApart(l, r, depth);
    }

    private @Nullable Set<JsonNode> values(JsonNode schema) {
        budget.step(SchemaBudget.weight(schema.path("const")) + SchemaBudget.weight(schema.path("enum")));
        if (schema.has("const")) {
            return Set.of(canonical(schema.get("const")));
        }
        if (!schema.path("enum").isArray()) {
            return null;
        }
        Set<JsonNode> all = new HashSet<>();
        schema.get("enum").forEach(value -> all.add(canonical(value)));
        return all;
    }

    /** Equal for values that are equal to a validator: 1 and 1.0 are. */
    private static JsonNode canonical(JsonNode value) {
        if (value.isNumber()) {
            return NODES.numberNode(value.decimalValue().stripTrailingZeros());
        }
        if (value.isArray()) {
            ArrayNode all = NODES.arrayNode();
            value.forEach(each -> all.add(canonical(each)));
            return all;
        }
        if (value.isObject()) {
            ObjectNode all = NODES.objectNode();
            value.properties().forEach(each -> all.set(each.getKey(), canonical(each.getValue())));
            return all;
        }
        return value;
    }

    private static boolean typesApart(JsonNode schema, @Nullable Set<JsonNode> values) {
        Set<String> types = schema.has("type") ? Types.of(schema, "") : Set.copyOf(Keywords.TYPES);
        return values != null
                && values.stream().noneMatch(value -> types.stream().anyMatch(type -> Types.has(value, type)));
    }

    private static boolean typesApart(JsonNode l, JsonNode r) {
        if (!l.has("type") || !r.has("type")) {
            return false;
        }
        Set<String> x = Types.of(l, "");
        Set<String> y = Types.of(r, "");
        return x.stream()
                .noneMatch(t -> y.contains(t)
                        || t.equals("integer") && y.contains("number")
                        || t.equals("number") && y.contains("integer"));
    }

    /** Also when one requires what the other forbids. */
    private boolean propertyApart(JsonNode l, JsonNode r, int depth) {
        if (!isObject(l) || !isObject(r)) {
            return false;
        }
        Set<String> required = names(l);
        for (String name : required) {
            JsonNode mine = l.path("properties").get(name);
            JsonNode theirs = r.path("properties").get(name);
            if (mine != null && theirs != null && names(r).contains(name) && are(mine, theirs, depth - 1)) {
                return true;
            }
        }
        return forbids(r, required) || forbids(l, names(r));
    }

    private static boolean forbids(JsonNode schema, Set<String> required) {
        JsonNode rest = schema.path("additionalProperties");
        return rest.isBoolean()
                && !rest.booleanValue()
                && !schema.has("patternProperties") // which may take the name
                && required.stream().anyMatch(name -> !schema.path("properties").has(name));
    }

    private static boolean isObject(JsonNode schema) {
        return schema.has("type") && Types.of(schema, "").equals(Set.of("object"));
    }

    private Set<String> names(JsonNode schema) {
        budget.step(schema.path("required").size());
        Set<String> all = new HashSet<>();
        schema.path("required").forEach(name -> all.add(name.asString("")));
        return all;
    }
}
