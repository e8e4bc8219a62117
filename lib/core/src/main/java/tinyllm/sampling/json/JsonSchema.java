package tinyllm.sampling.json;

import tinyllm.sampling.grammar.Grammar;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The door: a schema as text or as a tree, checked and made into a grammar. */
public final class JsonSchema {

    /** Longest text of a schema, in characters. */
    public static final int MAX_LENGTH = 1 << 20;

    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(400)
                            .maxNumberLength(100)
                            .maxDocumentLength(MAX_LENGTH)
                            .build())
                    .build())
            .build();

    private JsonSchema() {}

    /**
     * @return a grammar whose strings are JSON texts that validate against the schema
     * @throws SchemaException when the text is no JSON, uses a keyword that is not supported, or nothing could satisfy it
     */
    public static Grammar compile(String schema) {
        if (schema.length() > MAX_LENGTH) {
            throw new SchemaException(
                    "", "it has " + schema.length() + " characters; at most " + MAX_LENGTH + " are read");
        }
        try {
            return compile(MAPPER.readTree(schema));
        } catch (JacksonException e) {
            throw new SchemaException("", "it is no JSON: " + e.getOriginalMessage());
        }
    }

    /** As {@link #compile(String)}, of a tree that was read already. */
    public static Grammar compile(JsonNode schema) {
        return compile(schema, new SchemaBudget());
    }

    /**
     * As {@link #compile(JsonNode)}, one of several schemas that have a budget in common.
     *
     * @throws SchemaException when it is used up, too
     */
    public static Grammar compile(JsonNode schema, SchemaBudget budget) {
        long length = length(schema);
        if (length > MAX_LENGTH) {
            throw new SchemaException("", "it has " + length + " characters; at most " + MAX_LENGTH + " are read");
        }
        return SchemaCompiler.compile(schema, budget);
    }

    /** About how many characters a tree has as text, without blanks. */
    public static long length(JsonNode node) {
        if (node.isString()) {
            return 2 + node.stringValue().length();
        }
        if (!node.isContainer()) {
            return node.asString("").length();
        }
        long all = 2;
        for (String name : node.propertyNames()) {
            all += 3 + name.length();
        }
        for (JsonNode child : node) {
            all += 1 + length(child);
        }
        return all;
    }

    /** Any JSON object: what {@code "response_format": {"type": "json_object"}} asks for. */
    public static Grammar anyObject() {
        return SchemaCompiler.anyObject();
    }
}
