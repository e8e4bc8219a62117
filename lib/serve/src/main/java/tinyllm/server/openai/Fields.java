package tinyllm.server.openai;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tinyllm.server.http.HttpException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * One object of a request. It remembers which fields were asked for, so that {@link #end} can refuse all others by name. A field that is
 * null counts as absent.
 */
final class Fields {
    private final ObjectNode node;
    private final String path;
    private final Set<String> known = new HashSet<>();

    /** @param path where the object stands, as {@code messages[0]}; empty for the whole request */
    Fields(ObjectNode node, String path) {
        this.node = node;
        this.path = path;
    }

    /** The object at a place; refused when it is none. */
    static Fields of(JsonNode value, String path) {
        if (value instanceof ObjectNode object) {
            return new Fields(object, path);
        }
        throw HttpException.field(path, path + " must be an object, but is " + shown(value));
    }

    /** A field's full name. */
    String at(String name) {
        return path.isEmpty() ? name : path + "." + name;
    }

    ObjectNode node() {
        return node;
    }

    /** A field of any type; null when absent. */
    @Nullable
    JsonNode any(String name) {
        known.add(name);
        JsonNode value = node.get(name);
        return value == null || value.isNull() ? null : value;
    }

    HttpException wrong(String name, String must) {
        JsonNode value = node.get(name);
        return HttpException.field(
                at(name), at(name) + " must be " + must + (value == null ? "" : ", but is " + shown(value)));
    }

    @Nullable
    String text(String name) {
        JsonNode value = any(name);
        if (value != null && !value.isString()) {
            throw wrong(name, "a string");
        }
        return value == null ? null : value.stringValue();
    }

    String requiredText(String name) {
        String text = text(name);
        if (text == null) {
            throw HttpException.field(at(name), at(name) + " is missing");
        }
        return text;
    }

    boolean flag(String name, boolean absent) {
        JsonNode value = any(name);
        if (value != null && !value.isBoolean()) {
            throw wrong(name, "true or false");
        }
        return value == null ? absent : value.booleanValue();
    }

    double number(String name, double absent) {
        JsonNode value = any(name);
        if (value != null && !value.isNumber()) {
            throw wrong(name, "a number");
        }
        return value == null ? absent : real(value);
    }

    /** Infinity for what no double holds: the ranges refuse it. */
    static double real(JsonNode number) {
        return number.decimalValue().doubleValue();
    }

    /** A whole number within bounds; null when absent. */
    @Nullable
    Integer whole(String name, int low, int high) {
        JsonNode value = any(name);
        if (value == null) {
            return null;
        }
        if (!value.isIntegralNumber()
                || !value.canConvertToInt()
                || value.intValue() < low
                || value.intValue() > high) {
            throw wrong(name, "a whole number in " + low + "…" + high);
        }
        return value.intValue();
    }

    int whole(String name, int low, int high, int absent) {
        Integer value = whole(name, low, high);
        return value == null ? absent : value;
    }

    @Nullable
    Long seed(String name) {
        JsonNode value = any(name);
        if (value != null && !(value.isIntegralNumber() && value.canConvertToLong())) {
            throw wrong(name, "a whole number of 64 bits");
        }
        return value == null ? null : value.longValue();
    }

    @Nullable
    Fields object(String name) {
        JsonNode value = any(name);
        return value == null ? null : of(value, at(name));
    }

    @Nullable
    ArrayNode array(String name, int most) {
        JsonNode value = any(name);
        if (value == null) {
            return null;
        }
        if (!(value instanceof ArrayNode list)) {
            throw wrong(name, "a list");
        }
        if (list.size() > most) {
            throw HttpException.field(at(name), at(name) + " may have " + most + " entries, but has " + list.size());
        }
        return list;
    }

    /** The objects of a list; none when it is absent. */
    List<Fields> objects(String name, int most) {
        ArrayNode list = array(name, most);
        List<Fields> all = new ArrayList<>();
        for (int i = 0; list != null && i < list.size(); i++) {
            all.add(of(list.get(i), at(name) + "[" + i + "]"));
        }
        return all;
    }

    /** One of some words; null when absent. */
    @Nullable
    String word(String name, String... words) {
        String value = text(name);
        if (value != null && !List.of(words).contains(value)) {
            throw wrong(name, "one of " + String.join(", ", words));
        }
        return value;
    }

    /** Fields that clients send and that don't change an answer: read by nobody, but of the right type. */
    void harmlessTexts(String... names) {
        for (String name : names) {
            text(name);
        }
    }

    /** Fields of the protocol that are not built here: they may be there only as null. */
    void unsupported(String... names) {
        for (String name : names) {
            if (any(name) != null) {
                throw unsupportedField(
                        at(name), at(name) + " is not supported here, and leaving it out would change the answer");
            }
        }
    }

    /** 400: a field, or a value of it, is not built here, and leaving it out would change the answer. */
    static HttpException unsupportedField(String param, String message) {
        return HttpException.field(param, message).code("unsupported_parameter");
    }

    /** Refuses what nobody asked for. */
    void end() {
        for (String name : node.propertyNames()) {
            if (!known.contains(name)) {
                String full = at(shortened(name, 60));
                throw new HttpException(400, full + " is a field that this server does not know: leave it out")
                        .param(full)
                        .code("unknown_parameter");
            }
        }
    }

    static String shown(JsonNode value) {
        return shortened(value.toString(), 60);
    }

    static String shortened(String text, int most) {
        return text.length() <= most ? text : text.substring(0, most) + "…";
    }
}
