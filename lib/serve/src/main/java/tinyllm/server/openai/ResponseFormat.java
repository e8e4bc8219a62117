package tinyllm.server.openai;

import org.jspecify.annotations.Nullable;
import tinyllm.sampling.grammar.Grammar;
import tinyllm.sampling.json.JsonSchema;
import tinyllm.sampling.json.SchemaBudget;
import tinyllm.server.http.HttpException;
import tools.jackson.databind.node.ObjectNode;

/**
 * What form an answer has.
 *
 * @param type text, json_object or json_schema
 * @param field where the request says it
 * @param schema of json_schema
 */
record ResponseFormat(String type, String field, @Nullable ObjectNode schema) {

    static final ResponseFormat TEXT = new ResponseFormat("text", "response_format", null);

    /** The field response_format of a chat: the schema lies in an object of its own. */
    static ResponseFormat nested(Fields in) {
        Fields format = in.object("response_format");
        if (format == null) {
            return TEXT;
        }
        String type = type(format);
        Fields holder = type.equals("json_schema") ? format.object("json_schema") : null;
        if (type.equals("json_schema") && holder == null) {
            throw HttpException.field(format.at("json_schema"), format.at("json_schema") + " is missing");
        }
        ResponseFormat read = holder == null ? new ResponseFormat(type, "response_format", null) : schema(holder);
        format.end();
        return read;
    }

    /** The same of {@code /v1/responses}: flat. */
    static ResponseFormat flat(@Nullable Fields format) {
        if (format == null) {
            return TEXT;
        }
        String type = type(format);
        if (type.equals("json_schema")) {
            return schema(format);
        }
        format.end();
        return new ResponseFormat(type, "text.format", null);
    }

    private static String type(Fields format) {
        format.requiredText("type");
        return String.valueOf(format.word("type", "text", "json_object", "json_schema"));
    }

    private static ResponseFormat schema(Fields in) {
        in.requiredText("name");
        in.harmlessTexts("description");
        in.flag("strict", true); // an answer is held to its schema in any case
        Fields schema = in.object("schema");
        if (schema == null) {
            throw HttpException.field(in.at("schema"), in.at("schema") + " is missing");
        }
        in.end();
        return new ResponseFormat("json_schema", in.at("schema"), schema.node());
    }

    boolean isText() {
        return type.equals("text");
    }

    /** Equal for formats that hold to the same. */
    String key() {
        return type + (schema == null ? "" : schema.toString());
    }

    /** About how many characters its schema has. */
    long length() {
        return schema == null ? 0 : JsonSchema.length(schema);
    }

    /**
     * The texts that have it; not for text.
     *
     * @throws HttpException 400 when the schema is not supported
     */
    Grammar grammar(SchemaBudget budget) {
        ObjectNode own = schema;
        return SchemaThreads.checked(
                field, () -> own == null ? JsonSchema.anyObject() : JsonSchema.compile(own, budget));
    }
}
