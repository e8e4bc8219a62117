package tinyllm.sampling.json;

import java.math.BigDecimal;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Two schemas that both have to hold, as one: keyword by keyword, the stricter value. */
final class Merge {

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private static final Set<String> LOWER =
            Set.of("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties");
    private static final Set<String> UPPER =
            Set.of("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties");

    private final String pointer;
    private final SchemaBudget budget;

    private Merge(String pointer, SchemaBudget budget) {
        this.pointer = pointer;
        this.budget = budget;
    }

    /** @throws SchemaException when the two disagree in a way that no one schema says */
    static JsonNode of(JsonNode left, JsonNode right, String pointer, SchemaBudget budget) {
        budget.compare(left, right);
        if (left.isBoolean()) {
            return left.booleanValue() ? right : left;
        }
        if (right.isBoolean()) {
            return right.booleanValue() ? left : right;
        }
        return new Merge(pointer, budget).both(left, right);
    }

    private ObjectNode both(JsonNode left, JsonNode right) {
        ObjectNode merged = NODES.objectNode();
        Set<String> words = new LinkedHashSet<>(left.propertyNames());
        words.addAll(right.propertyNames());
        for (String word : words) {
            JsonNode l = left.get(word);
            JsonNode r = right.get(word);
            if (word.equals("properties")) {
                merged.set(word, properties(left, right));
            } else if (word.equals("prefixItems")) {
                merged.set(word, prefix(left, right));
            } else if (word.equals("additionalProperties") && closed(l) != closed(r)) {
                merged.put(word, false);
            } else if (l == null || r == null || l.equals(r) || Keywords.NOTES.contains(word)) {
                merged.set(word, l == null ? r : l);
            } else {
                merged.set(word, combine(word, l, r));
            }
        }
        return merged;
    }

    private JsonNode combine(String word, JsonNode l, JsonNode r) {
        if (LOWER.contains(word) || UPPER.contains(word)) {
            BigDecimal x = l.isNumber() ? l.decimalValue() : BigDecimal.ZERO;
            BigDecimal y = r.isNumber() ? r.decimalValue() : BigDecimal.ZERO;
            return LOWER.contains(word) == (x.compareTo(y) >= 0) ? l : r;
        }
        return switch (word) {
            case "type" -> types(l, r);
            case "required" -> union(l, r);
            case "enum" -> common(l, r);
            case "const" -> throw new SchemaException(pointer, "two different values of const can't both hold");
            case "items", "additionalProperties", "propertyNames" -> of(l, r, pointer + "/" + word, budget);
            case "pattern" -> patterns(l, r);
            case "allOf" -> union(l, r);
            case "uniqueItems" -> NODES.booleanNode(l.asBoolean(false) || r.asBoolean(false));
            default ->
                throw new SchemaException(
                        pointer,
                        "two different values of \"" + word
                                + "\" have to hold together (" + Keywords.shown(l) + " and " + Keywords.shown(r)
                                + "), which is not supported");
        };
    }

    private static boolean closed(JsonNode additional) {
        return additional != null && additional.isBoolean() && !additional.booleanValue();
    }

    /** A property of one side alone has to pass the other side's additionalProperties. */
    private JsonNode properties(JsonNode left, JsonNode right) {
        ObjectNode all = NODES.objectNode();
        add(all, left, right);
        add(all, right, left);
        return all;
    }

    private void add(ObjectNode all, JsonNode from, JsonNode other) {
        JsonNode mine = from.path("properties");
        JsonNode theirs = other.path("properties");
        for (Map.Entry<String, JsonNode> property : mine.properties()) {
            String name = property.getKey();
            if (all.has(name)) {
                continue;
            }
            JsonNode rest = other.path("additionalProperties");
            if (theirs.has(name)) {
                all.set(name, of(property.getValue(), theirs.get(name), pointer + "/properties/" + name, budget));
            } else if (rest.isMissingNode()) {
                all.set(name, property.getValue());
            } else {
                all.set(name, of(property.getValue(), rest, pointer + "/additionalProperties", budget));
            }
        }
    }

    /** An item that one side lists has to pass what the other says of it, in its list or of all further items. */
    private JsonNode prefix(JsonNode left, JsonNode right) {
        ArrayNode all = NODES.arrayNode();
        for (int i = 0; i < Math.max(listed(left).size(), listed(right).size()); i++) {
            all.add(of(item(left, i), item(right, i), pointer + "/prefixItems/" + i, budget));
        }
        return all;
    }

    private JsonNode listed(JsonNode schema) {
        JsonNode list = schema.path("prefixItems");
        if (!list.isMissingNode() && !list.isArray()) {
            throw new SchemaException(pointer, "prefixItems must be a list of schemas");
        }
        return list;
    }

    private JsonNode item(JsonNode schema, int index) {
        JsonNode first = listed(schema).get(index);
        JsonNode rest = schema.get("items");
        return first != null ? first : rest != null ? rest : NODES.booleanNode(true);
    }

    /** Several patterns are no list, which a request may hold, but a node that no text is read as. */
    private JsonNode patterns(JsonNode l, JsonNode r) {
        Set<String> all = new LinkedHashSet<>(StringRule.patterns(l, pointer));
        all.addAll(StringRule.patterns(r, pointer));
        return NODES.pojoNode(List.copyOf(all));
    }

    private JsonNode types(JsonNode l, JsonNode r) {
        Set<String> all = new TreeSet<>();
        for (String x : Types.names(l, pointer)) {
            for (String y : Types.names(r, pointer)) {
                if (x.equals(y) || y.equals("number") && x.equals("integer")) {
                    all.add(x);
                } else if (x.equals("number") && y.equals("integer")) {
                    all.add(y);
                }
            }
        }
        if (all.isEmpty()) {
            throw new SchemaException(pointer, "no type is both " + Keywords.shown(l) + " and " + Keywords.shown(r));
        }
        ArrayNode node = NODES.arrayNode();
        all.forEach(node::add);
        return node;
    }

    private static JsonNode union(JsonNode l, JsonNode r) {
        Set<JsonNode> all = new LinkedHashSet<>();
        list(l).forEach(all::add);
        list(r).forEach(all::add);
        return NODES.arrayNode().addAll(all);
    }

    private static JsonNode list(JsonNode node) {
        return node.isArray() ? node : NODES.arrayNode().add(node);
    }

    private JsonNode common(JsonNode l, JsonNode r) {
        Set<JsonNode> right = new LinkedHashSet<>();
        r.forEach(right::add);
        ArrayNode both = NODES.arrayNode();
        l.forEach(value -> {
            if (right.contains(value)) {
                both.add(value);
            }
        });
        if (both.isEmpty()) {
            throw new SchemaException(pointer, "two enums that have to hold together share no value");
        }
        return both;
    }
}
