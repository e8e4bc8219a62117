package tinyllm.server.openai;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import tinyllm.server.http.HttpException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The door: bytes of a body become one JSON object, or a sentence that says why not. Bounded in depth, tokens, names and digits. */
public final class RequestJson {
    private static final int MAX_DEPTH = 400;
    private static final int MAX_TOKENS = 300_000;
    private static final int MAX_DIGITS = 100;
    private static final int MAX_EXPONENT = 2000;
    private static final int MAX_NAME = 10_000;
    private static final int MAX_CHARACTERS = 64 << 20;

    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MAX_DEPTH)
                            .maxTokenCount(MAX_TOKENS)
                            .maxNumberLength(MAX_DIGITS)
                            .maxNameLength(MAX_NAME)
                            .maxStringLength(MAX_CHARACTERS)
                            .maxDocumentLength(MAX_CHARACTERS)
                            .build())
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();

    private RequestJson() {}

    /** @throws HttpException 400 when it is not one JSON object in UTF-8 within the bounds */
    public static ObjectNode object(byte[] body) {
        JsonNode root;
        try {
            root = MAPPER.readTree(text(body));
        } catch (JacksonException e) {
            throw wrong("the body is no JSON that is read here: " + firstLine(e.getOriginalMessage()));
        }
        if (!(root instanceof ObjectNode object)) {
            throw wrong("the body must be one JSON object");
        }
        checkValues(object);
        return object;
    }

    /** A text that may hold JSON, such as a call's arguments; a missing node when it does not. */
    static JsonNode tree(String text) {
        try {
            return MAPPER.readTree(text);
        } catch (JacksonException e) {
            return MAPPER.missingNode();
        }
    }

    static String write(JsonNode node) {
        return MAPPER.writeValueAsString(node);
    }

    private static String text(byte[] body) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(body))
                    .toString();
        } catch (CharacterCodingException e) {
            throw wrong("the body is not UTF-8");
        }
    }

    /** Halves of characters, which no tokenizer could write, and numbers that take an age to write out; a NUL is never what somebody meant. */
    private static void checkValues(ObjectNode root) {
        Deque<JsonNode> open = new ArrayDeque<>();
        open.push(root);
        while (!open.isEmpty()) {
            JsonNode node = open.pop();
            if (node.isString()) {
                checkText(node.stringValue());
            } else if (node.isFloatingPointNumber()
                    && Math.abs((long) node.decimalValue().scale()) > MAX_EXPONENT) {
                throw wrong("a number has an exponent beyond " + MAX_EXPONENT);
            } else if (node.isArray()) {
                node.forEach(open::push);
            } else if (node.isObject()) {
                for (Map.Entry<String, JsonNode> entry : node.properties()) {
                    checkText(entry.getKey());
                    open.push(entry.getValue());
                }
            }
        }
    }

    private static void checkText(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == 0) {
                throw wrong("a text holds the character NUL (\\u0000): leave it out");
            }
            if (Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
            } else if (Character.isSurrogate(c)) {
                throw wrong("a text holds half of a surrogate pair, which no UTF-8 can carry: send whole characters");
            }
        }
    }

    private static String firstLine(String message) {
        int end = message.indexOf('\n');
        String line = end < 0 ? message : message.substring(0, end);
        return line.length() <= 300 ? line : line.substring(0, 300) + "…";
    }

    private static HttpException wrong(String message) {
        return new HttpException(400, message);
    }
}
