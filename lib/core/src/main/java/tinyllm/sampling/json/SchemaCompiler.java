package tinyllm.sampling.json;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import tinyllm.sampling.grammar.Expr;
import tinyllm.sampling.grammar.Grammar;
import tinyllm.sampling.grammar.GrammarException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.MissingNode;
import tools.jackson.databind.node.ObjectNode;

/** Walks a schema and builds its grammar; one schema, used once. */
final class SchemaCompiler {

    private static final int MAX_DEPTH = 64;
    private static final int MAX_PARTS = 20_000;
    private static final int MAX_BRANCHES = 1_000;

    private final JsonNode root;
    private final SchemaBudget budget;
    private final List<Expr> rules = new ArrayList<>();
    private final Map<String, Expr> ruleOf = new HashMap<>();
    private final Map<JsonNode, Expr> scalars = new HashMap<>();
    private final StringRule strings = new StringRule(this);
    private final ObjectRule objects = new ObjectRule(this);
    private final ArrayRule arrays = new ArrayRule(this);
    private final NumberRule numbers = new NumberRule(this);
    private int depth;
    private int parts;

    private SchemaCompiler(JsonNode root, SchemaBudget budget) {
        this.root = root;
        this.budget = budget;
    }

    static Grammar compile(JsonNode schema, SchemaBudget budget) {
        SchemaCompiler compiler = new SchemaCompiler(schema, budget);
        try {
            Expr whole = compiler.value(schema, "");
            return new Grammar(whole, compiler.rules);
        } catch (GrammarException e) {
            throw new SchemaException("", String.valueOf(e.getMessage()));
        }
    }

    /** A grammar of any object whatever. */
    static Grammar anyObject() {
        ObjectNode schema = JsonNodeFactory.instance.objectNode().put("type", "object");
        return compile(schema, new SchemaBudget());
    }

    SchemaBudget budget() {
        return budget;
    }

    StringRule strings() {
        return strings;
    }

    /** A text as it stands. */
    Expr literal(String text) {
        budget.characters(text.length());
        return Expr.text(text);
    }

    /** Both of two schemas as one. */
    JsonNode merged(JsonNode left, JsonNode right, String pointer) {
        return Merge.of(left, right, pointer, budget);
    }

    /** Values that a schema allows. */
    Expr value(JsonNode schema, String pointer) {
        if (schema.isBoolean()) {
            return schema.booleanValue() ? anything() : Expr.NOTHING;
        }
        if (!schema.isObject()) {
            throw new SchemaException(pointer, "a schema is an object or true or false, not " + Keywords.shown(schema));
        }
        if (++depth > MAX_DEPTH) {
            throw new SchemaException(pointer, "it is nested deeper than " + MAX_DEPTH + " schemas");
        }
        if (++parts > MAX_PARTS) {
            throw new SchemaException(pointer, "it has more than " + MAX_PARTS + " parts");
        }
        budget.step(schema.size());
        Keywords.check(schema, pointer);
        Expr expr = combined(schema, pointer);
        depth--;
        return expr;
    }

    private Expr combined(JsonNode schema, String pointer) {
        if (schema.has("$ref")) {
            String target = Keywords.text(schema, "$ref", pointer);
            ObjectNode rest = without(schema, "$ref");
            return Keywords.constraints(rest).isEmpty()
                    ? reference(Objects.requireNonNull(target), pointer)
                    : value(merged(resolved(schema, pointer), rest, pointer), pointer);
        }
        if (schema.has("allOf")) {
            JsonNode merged = without(schema, "allOf");
            for (JsonNode part : branches(schema, "allOf", pointer)) {
                merged = merged(merged, resolved(part, pointer), pointer + "/allOf");
            }
            return value(merged, pointer);
        }
        for (String word : List.of("anyOf", "oneOf")) {
            if (schema.has(word)) {
                return options(schema, word, pointer);
            }
        }
        return schema.has("const") || schema.has("enum") ? constants(schema, pointer) : typed(schema, pointer);
    }

    private Expr options(JsonNode schema, String word, String pointer) {
        List<JsonNode> all = branches(schema, word, pointer);
        if (word.equals("oneOf")) {
            exclusive(all, pointer);
        }
        JsonNode rest = without(schema, word);
        boolean plain = Keywords.constraints(rest).isEmpty();
        List<Expr> options = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            String at = pointer + "/" + word + "/" + i;
            options.add(value(plain ? all.get(i) : merged(rest, resolved(all.get(i), at), at), at));
        }
        return Expr.choice(options);
    }

    private void exclusive(List<JsonNode> all, String pointer) {
        Disjoint disjoint = new Disjoint(schema -> resolved(schema, pointer), budget);
        List<JsonNode> whole = all.stream().map(each -> resolved(each, pointer)).toList();
        for (int i = 0; i < whole.size(); i++) {
            for (int j = 0; j < i; j++) {
                if (!disjoint.are(whole.get(i), whole.get(j))) {
                    throw new SchemaException(
                            pointer,
                            "a value may match both " + j + " and " + i
                                    + " of oneOf, which is not supported: tell them apart by type or by a required property"
                                    + " with a const, or use anyOf");
                }
            }
        }
    }

    /** Each branch meets each other, so they are counted first. */
    private static List<JsonNode> branches(JsonNode schema, String word, String pointer) {
        JsonNode list = schema.get(word);
        if (!list.isArray() || list.isEmpty()) {
            throw new SchemaException(pointer, word + " must be a list of at least one schema");
        }
        if (list.size() > MAX_BRANCHES) {
            throw new SchemaException(
                    pointer,
                    word + " has " + list.size() + " schemas; at most " + MAX_BRANCHES
                            + " are supported. Write constants as one enum");
        }
        List<JsonNode> all = new ArrayList<>();
        list.forEach(all::add);
        return all;
    }

    private Expr constants(JsonNode schema, String pointer) {
        for (String word : Keywords.constraints(schema)) {
            if (!Set.of("const", "enum", "type").contains(word)) {
                throw new SchemaException(
                        pointer, "\"" + word + "\" beside enum or const is not supported: list the values that pass");
            }
        }
        List<JsonNode> values = new ArrayList<>();
        if (schema.has("enum")) {
            if (!schema.get("enum").isArray() || schema.get("enum").size() > MAX_PARTS) {
                throw new SchemaException(pointer, "enum must be a list of at most " + MAX_PARTS + " values");
            }
            schema.get("enum").forEach(values::add);
        }
        if (schema.has("const")) {
            JsonNode only = schema.get("const");
            if (schema.has("enum") && !values.contains(only)) {
                throw new SchemaException(pointer, "const is not among the values of enum");
            }
            values = List.of(only);
        }
        Set<String> types = schema.has("type") ? Types.of(schema, pointer) : Set.copyOf(Keywords.TYPES);
        List<Expr> options = values.stream()
                .filter(value -> types.stream().anyMatch(type -> Types.has(value, type)))
                .map(value -> literal(JsonText.literal(value)))
                .toList();
        if (options.isEmpty()) {
            throw new SchemaException(pointer, "none of the values of enum or const is of the type that is asked for");
        }
        return Expr.choice(options);
    }

    private Expr typed(JsonNode schema, String pointer) {
        if (Keywords.constraints(schema).isEmpty()) {
            return anything();
        }
        Set<String> types = Types.of(schema, pointer);
        if (types.contains("object") || types.contains("array")) {
            return ofTypes(types, schema, pointer);
        }
        ObjectNode key = JsonNodeFactory.instance.objectNode(); // equal values share one expression
        Keywords.constraints(schema).forEach(word -> key.set(word, schema.get(word)));
        Expr known = scalars.get(key);
        if (known == null) {
            known = ofTypes(types, schema, pointer);
            scalars.put(key, known);
        }
        return known;
    }

    private Expr ofTypes(Set<String> types, JsonNode schema, String pointer) {
        List<Expr> options = new ArrayList<>();
        for (String type : types) {
            options.add(
                    switch (type) {
                        case "object" -> objects.of(schema, pointer);
                        case "array" -> arrays.of(schema, pointer);
                        case "string" -> strings.of(schema, pointer);
                        case "number", "integer" -> numbers.of(schema, type.equals("integer"), pointer);
                        case "boolean" -> Expr.choice(Expr.text("true"), Expr.text("false"));
                        default -> Expr.text("null");
                    });
        }
        return Expr.choice(options);
    }

    /** Any value at all. */
    Expr anything() {
        return rule(
                "any value",
                () -> typed(
                        JsonNodeFactory.instance
                                .objectNode()
                                .set(
                                        "type",
                                        JsonNodeFactory.instance
                                                .arrayNode()
                                                .add("object")
                                                .add("array")
                                                .add("string")
                                                .add("number")
                                                .add("boolean")
                                                .add("null")),
                        ""));
    }

    /** A rule by a key; its body is built once, and may refer to the key itself. */
    private Expr rule(String key, Supplier<Expr> body) {
        Expr known = ruleOf.get(key);
        if (known == null) {
            known = new Expr.Rule(rules.size());
            ruleOf.put(key, known);
            int id = rules.size();
            rules.add(Expr.NOTHING);
            int outer = depth;
            rules.set(id, body.get());
            depth = outer;
        }
        return known;
    }

    /** A new rule without a name, to be filled later. */
    int newRule() {
        rules.add(Expr.NOTHING);
        return rules.size() - 1;
    }

    void setRule(int id, Expr body) {
        rules.set(id, body);
    }

    private Expr reference(String target, String pointer) {
        return rule("#" + target, () -> value(find(target, pointer), target));
    }

    /** A schema behind its $ref, and behind the $ref that it finds there. */
    private JsonNode resolved(JsonNode schema, String pointer) {
        JsonNode now = schema;
        for (int hops = 0; now.isObject() && now.has("$ref"); hops++) {
            if (hops > MAX_DEPTH) {
                throw new SchemaException(pointer, "$ref leads in a circle");
            }
            JsonNode target = find(Objects.requireNonNull(Keywords.text(now, "$ref", pointer)), pointer);
            JsonNode rest = without(now, "$ref");
            now = Keywords.constraints(rest).isEmpty() ? target : merged(target, rest, pointer);
        }
        return now;
    }

    private JsonNode find(String target, String pointer) {
        if (!target.equals("#") && !target.startsWith("#/")) {
            throw new SchemaException(
                    pointer, "$ref \"" + target + "\" is not supported: it must stay in this schema, as #/$defs/name");
        }
        budget.step(1 + target.length());
        JsonNode found;
        try {
            found = root.at(URLDecoder.decode(target.substring(1).replace("+", "%2B"), StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) { // half of a percent escape
            found = MissingNode.getInstance();
        }
        if (found.isMissingNode()) {
            throw new SchemaException(pointer, "$ref \"" + target + "\" leads nowhere");
        }
        return found;
    }

    private static ObjectNode without(JsonNode schema, String word) {
        ObjectNode copy = JsonNodeFactory.instance.objectNode();
        schema.properties().forEach(entry -> {
            if (!entry.getKey().equals(word)) {
                copy.set(entry.getKey(), entry.getValue());
            }
        });
        return copy;
    }
}
