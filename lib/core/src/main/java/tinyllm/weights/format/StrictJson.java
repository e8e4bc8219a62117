package tinyllm.weights.format;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

/** JSON from a stranger: bounded depth, length and numbers, no duplicate keys, nothing after the end, no class ever named. */
public final class StrictJson {
    private static final int MAX_DEPTH = 64;
    private static final int MAX_LENGTH = 100_000_000;
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxStringLength(MAX_LENGTH)
                    .maxNumberLength(100)
                    .maxNameLength(10_000)
                    .build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private StrictJson() {}

    /**
     * Reads one JSON object: maps keep the file's order; whole numbers are Integer, Long or BigInteger, others Double.
     *
     * @param what names the text in messages
     */
    public static Map<String, Object> object(byte[] utf8, String what) {
        if (utf8.length > MAX_LENGTH) {
            throw new FormatException(what + " is " + utf8.length + " bytes long; the limit is " + MAX_LENGTH);
        }
        String text = Names.utf8(utf8, what);
        try (JsonParser in = FACTORY.createParser(ObjectReadContext.empty(), text)) {
            if (in.nextToken() != JsonToken.START_OBJECT) {
                throw new FormatException(what + " has to be a JSON object");
            }
            Map<String, Object> object = readObject(in);
            if (in.nextToken() != null) {
                throw new FormatException(what + " goes on after its JSON object");
            }
            return object;
        } catch (JacksonException e) {
            throw new FormatException(what + " is not valid JSON: " + Names.shown(e.getOriginalMessage()), e);
        }
    }

    /** Text of strictly valid UTF-8. */
    public static String utf8(byte[] bytes, String what) {
        return Names.utf8(bytes, what);
    }

    @SuppressWarnings("NullAway") // JSON's null stays a null in the map
    private static Map<String, Object> readObject(JsonParser in) {
        Map<String, Object> object = new LinkedHashMap<>();
        while (in.nextToken() != JsonToken.END_OBJECT) {
            String key = in.currentName();
            in.nextToken();
            object.put(key, value(in));
        }
        return Collections.unmodifiableMap(object);
    }

    private static @Nullable Object value(JsonParser in) {
        return switch (in.currentToken()) {
            case START_OBJECT -> readObject(in);
            case START_ARRAY -> array(in);
            case VALUE_STRING -> in.getString();
            case VALUE_NUMBER_INT -> in.getNumberValue();
            case VALUE_NUMBER_FLOAT -> in.getDoubleValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NULL -> null;
            default -> throw new FormatException("unexpected JSON token " + in.currentToken());
        };
    }

    @SuppressWarnings("NullAway")
    private static List<Object> array(JsonParser in) {
        List<Object> values = new ArrayList<>();
        while (in.nextToken() != JsonToken.END_ARRAY) {
            values.add(value(in));
        }
        return Collections.unmodifiableList(values);
    }
}
