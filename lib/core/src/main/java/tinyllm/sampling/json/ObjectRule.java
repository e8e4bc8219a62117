package tinyllm.sampling.json;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tinyllm.sampling.grammar.CodePoints;
import tinyllm.sampling.grammar.Expr;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * Objects: declared properties in their order, optional ones left out or not, then others where the schema speaks of them. An object
 * with declared properties and no word about others gets none. Other keys may come twice, since a grammar remembers no text; readers keep
 * the last.
 */
final class ObjectRule {

    private static final int MOST_PROPERTIES = 2_000;
    private static final int LONGEST_KEY = 64;
    private static final int LONGEST_NAME = 1_000;

    /** Places between properties, one for each number of them that may have been written there. */
    private static final int MOST_PLACES = 50_000;

    private final SchemaCompiler compiler;

    ObjectRule(SchemaCompiler compiler) {
        this.compiler = compiler;
    }

    /** @param name null for any other key */
    private record Property(@Nullable String name, Expr pair, boolean required) {}

    Expr of(JsonNode schema, String pointer) {
        Map<String, JsonNode> declared = declared(schema, pointer);
        Set<String> required = required(schema, pointer);
        JsonNode rest = schema.get("additionalProperties");
        for (String name : required) {
            if (!declared.containsKey(name)) {
                declared.put(name, rest == null ? JsonNodeFactory.instance.booleanNode(true) : rest);
            }
        }
        if (declared.size() > MOST_PROPERTIES) {
            throw new SchemaException(pointer, "an object has at most " + MOST_PROPERTIES + " properties");
        }
        for (String name : declared.keySet()) {
            if (name.length() > LONGEST_NAME) {
                throw new SchemaException(
                        pointer,
                        "a property's name has " + name.length() + " characters; at most " + LONGEST_NAME
                                + " are supported");
            }
        }
        List<Property> properties = new ArrayList<>();
        declared.forEach((name, value) -> properties.add(new Property(
                name,
                pair(compiler.literal(JsonText.literal(name)), compiler.value(value, pointer + "/properties/" + name)),
                required.contains(name))));
        Property others = others(schema, declared.keySet(), pointer);
        return counted(schema, properties, others, pointer);
    }

    private Expr counted(JsonNode schema, List<Property> properties, @Nullable Property others, String pointer) {
        Integer least = Keywords.count(schema, "minProperties", pointer);
        Integer most = Keywords.count(schema, "maxProperties", pointer);
        int needed = (int) properties.stream().filter(Property::required).count();
        int min = least == null ? 0 : least;
        int max = most == null ? Expr.UNBOUNDED : most;
        if (needed > max) {
            throw new SchemaException(pointer, needed + " properties are required, and maxProperties is " + max);
        }
        boolean keysMayRepeat = others != null && min > Math.max(1, needed);
        if (keysMayRepeat || min > properties.size() + (others == null ? 0 : 1)) {
            throw new SchemaException(
                    pointer, "minProperties " + min + " is not supported here: require the properties by name");
        }
        boolean counting = min > needed || max < properties.size() || max != Expr.UNBOUNDED && others != null;
        Members members = new Members(properties, others, counting ? min : 0, counting ? max : Expr.UNBOUNDED);
        long places = (properties.size() + 1L) * (members.counts(properties.size()) + 1L);
        if (places > MOST_PLACES) {
            throw new SchemaException(
                    pointer,
                    (least == null ? "maxProperties " + max : "minProperties " + min) + " over " + properties.size()
                            + " properties has to be counted at " + places + " places; at most " + MOST_PLACES
                            + " are supported: require the properties by name");
        }
        return Expr.seq(Expr.text("{"), members.all(), Expr.text("}"));
    }

    private static Map<String, JsonNode> declared(JsonNode schema, String pointer) {
        JsonNode properties = schema.path("properties");
        if (!properties.isMissingNode() && !properties.isObject()) {
            throw new SchemaException(pointer, "properties must be an object of schemas");
        }
        Map<String, JsonNode> all = new LinkedHashMap<>();
        properties.properties().forEach(e -> all.put(e.getKey(), e.getValue()));
        return all;
    }

    private static Set<String> required(JsonNode schema, String pointer) {
        JsonNode list = schema.path("required");
        if (!list.isMissingNode() && !list.isArray()) {
            throw new SchemaException(pointer, "required must be a list of names");
        }
        Set<String> names = new LinkedHashSet<>();
        for (JsonNode name : list) {
            if (!name.isString()) {
                throw new SchemaException(
                        pointer, "required must be a list of names, and " + Keywords.shown(name) + " is none");
            }
            names.add(name.stringValue());
        }
        return names;
    }

    private static Expr pair(Expr key, Expr value) {
        return Expr.seq(key, Expr.text(":"), JsonText.BLANK, value);
    }

    /** Keys that are not declared, if the schema says something of them or declares none. */
    private @Nullable Property others(JsonNode schema, Set<String> declared, String pointer) {
        JsonNode rest = schema.get("additionalProperties");
        JsonNode patterns = schema.path("patternProperties");
        JsonNode names = schema.get("propertyNames");
        boolean closed = rest != null && rest.isBoolean() && !rest.booleanValue();
        if (!patterns.isMissingNode()) {
            if (!declared.isEmpty() || patterns.size() != 1 || names != null) {
                throw new SchemaException(
                        pointer,
                        "patternProperties is supported with one pattern, without properties and propertyNames");
            }
            var only = patterns.properties().iterator().next();
            Expr key = JsonText.quoted(compiler.strings().parse(only.getKey(), pointer));
            return new Property(
                    null, pair(key, compiler.value(only.getValue(), pointer + "/patternProperties")), false);
        }
        if (closed || rest == null && schema.has("properties")) {
            return null;
        }
        if (names != null && !declared.isEmpty()) {
            throw new SchemaException(pointer, "propertyNames beside properties is not supported");
        }
        Expr value = rest == null ? compiler.anything() : compiler.value(rest, pointer + "/additionalProperties");
        Expr key = names == null
                ? JsonText.quoted(unlike(declared))
                : compiler.value(compiler.merged(STRING, names, pointer), pointer + "/propertyNames");
        return new Property(null, pair(key, value), false);
    }

    private static final JsonNode STRING = JsonNodeFactory.instance.objectNode().put("type", "string");

    /** Texts without escapes that are none of the names. */
    private Expr unlike(Set<String> names) {
        List<String> sorted = names.stream().sorted().toList();
        return sorted.isEmpty() ? new Expr.Repeat(JsonText.PLAIN_CHARACTER, 1, LONGEST_KEY) : unlike(sorted, 0);
    }

    /** @param names that share their first characters, which are read */
    private Expr unlike(List<String> names, int read) {
        TreeMap<Integer, List<String>> next = new TreeMap<>();
        boolean whole = false;
        compiler.budget().characters(8);
        for (String name : names) {
            if (name.length() == read) {
                whole = true;
            } else {
                next.computeIfAbsent(name.codePointAt(read), c -> new ArrayList<>())
                        .add(name);
            }
        }
        List<Expr> options = new ArrayList<>();
        if (!whole && read > 0) {
            options.add(Expr.EMPTY);
        }
        CodePoints other = CodePoints.of(0x20, Character.MAX_CODE_POINT)
                .and(CodePoints.of('"', '"').not())
                .and(CodePoints.of('\\', '\\').not());
        for (int c : next.keySet()) {
            other = other.and(CodePoints.of(c, c).not());
        }
        options.add(Expr.seq(JsonText.character(other), new Expr.Repeat(JsonText.PLAIN_CHARACTER, 0, LONGEST_KEY)));
        next.forEach((c, group) -> {
            boolean plain = c >= 0x20 && c != '"' && c != '\\';
            if (plain) {
                options.add(Expr.seq(Expr.text(Character.toString(c)), unlike(group, read + Character.charCount(c))));
            }
        });
        return Expr.choice(options);
    }

    /** What may stand from a property on, after so many that were written; one rule for each pair that is reached. */
    private final class Members {
        private final List<Property> properties;
        private final @Nullable Property others;
        private final int min;
        private final int max;
        private final Map<Place, Expr.Rule> known = new HashMap<>();
        private final Deque<Place> open = new ArrayDeque<>();

        /** @param written as far as it matters */
        private record Place(int index, int written) {}

        Members(List<Property> properties, @Nullable Property others, int min, int max) {
            this.properties = properties;
            this.others = others;
            this.min = min;
            this.max = max;
        }

        /** As far as it matters: more than the least, or than the most, are as good as those. */
        private int counts(int written) {
            return Math.min(written, max == Expr.UNBOUNDED ? Math.max(min, 1) : max);
        }

        /** All of them: a rule for each place that is reached, one after the other, since there may be thousands. */
        Expr all() {
            Expr first = from(0, 0);
            while (!open.isEmpty()) {
                Place place = open.remove();
                Expr.Rule rule = Objects.requireNonNull(known.get(place));
                compiler.setRule(rule.id(), body(place.index, place.written));
            }
            return first;
        }

        private Expr from(int index, int written) {
            return known.computeIfAbsent(new Place(index, counts(written)), place -> {
                open.add(place);
                return new Expr.Rule(compiler.newRule());
            });
        }

        private Expr body(int index, int written) {
            if (index == properties.size()) {
                return last(written);
            }
            List<Expr> options = new ArrayList<>();
            Property property = properties.get(index);
            if (written < max) {
                options.add(Expr.seq(lead(written), property.pair, from(index + 1, written + 1)));
            }
            if (!property.required) {
                options.add(from(index + 1, written));
            }
            return Expr.choice(options);
        }

        /** Other keys, as many as there may be, and the end. */
        private Expr last(int written) {
            int needed = Math.max(0, min - written);
            int left = others == null ? 0 : max == Expr.UNBOUNDED ? max : max - written;
            if (needed > left) {
                return Expr.NOTHING;
            }
            if (others == null || left == 0) {
                return written == 0 ? Expr.EMPTY : JsonText.SPACE;
            }
            Expr more = Expr.seq(Expr.text(","), JsonText.SPACE, others.pair);
            if (written > 0) {
                return Expr.seq(new Expr.Repeat(more, needed, left), JsonText.SPACE);
            }
            int behind = left == Expr.UNBOUNDED ? left : left - 1;
            Expr some = Expr.seq(
                    JsonText.SPACE, others.pair, Expr.times(more, Math.max(0, needed - 1), behind), JsonText.SPACE);
            return needed == 0 ? Expr.choice(Expr.EMPTY, some) : some;
        }

        private static Expr lead(int written) {
            return written == 0 ? JsonText.SPACE : Expr.seq(Expr.text(","), JsonText.SPACE);
        }
    }
}
