package tinyllm.server.openai;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tinyllm.server.http.HttpException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;

/** A conversation as a chat template takes it: maps of roles, contents and calls. */
final class Messages {
    private static final int MAX_MESSAGES = 4096;
    private static final int MAX_PARTS = 1024;
    private static final int MAX_CALLS = 128;
    private static final JsonMapper MAPPER = new JsonMapper();

    private Messages() {}

    /** The field {@code messages}. */
    static List<Map<String, Object>> read(Fields in) {
        if (in.array("messages", MAX_MESSAGES) == null) {
            throw HttpException.field("messages", "messages is missing: send a list of at least one message");
        }
        List<Map<String, Object>> all = new ArrayList<>();
        for (Fields message : in.objects("messages", MAX_MESSAGES)) {
            all.add(message(message));
        }
        requireContent(all, "messages");
        return all;
    }

    /** A template would write a prompt all the same, and a model would answer nobody. */
    static void requireContent(List<Map<String, Object>> all, String field) {
        boolean said = all.stream()
                .anyMatch(message -> Set.of("user", "tool").contains(String.valueOf(message.get("role")))
                        && message.get("content") instanceof String text
                        && !text.isBlank());
        if (!said) {
            throw HttpException.field(
                    field, field + " holds no user or tool message with a text: there is nothing to answer");
        }
    }

    private static Map<String, Object> message(Fields in) {
        String role = in.requiredText("role");
        Map<String, Object> message = new LinkedHashMap<>();
        message.put("role", role.equals("developer") ? "system" : role);
        switch (role) {
            case "system", "developer", "user" -> message.put("content", content(in, true));
            case "assistant" -> {
                message.put("content", content(in, false));
                calls(in, message);
                in.harmlessTexts("refusal");
                in.any("annotations");
                in.unsupported("audio", "function_call");
                String thoughts = in.text("reasoning_content");
                if (thoughts != null) {
                    message.put("reasoning_content", thoughts);
                }
            }
            case "tool" -> {
                message.put("content", content(in, true));
                message.put("tool_call_id", in.requiredText("tool_call_id"));
            }
            default -> throw in.wrong("role", "one of system, developer, user, assistant, tool");
        }
        String name = in.text("name");
        if (name != null) {
            message.put("name", name);
        }
        in.end();
        return message;
    }

    private static String content(Fields in, boolean required) {
        JsonNode value = in.any("content");
        if (value == null) {
            if (required) {
                throw HttpException.field(in.at("content"), in.at("content") + " is missing");
            }
            return "";
        }
        return value.isString() ? value.stringValue() : joined(in, "content", "text", "refusal");
    }

    /** Parts of text, one a line; other kinds of part are not read here. */
    static String joined(Fields in, String name, String... types) {
        ArrayNode parts = in.array(name, MAX_PARTS);
        List<String> texts = new ArrayList<>();
        for (Fields part : in.objects(name, parts == null ? 0 : MAX_PARTS)) {
            String type = part.requiredText("type");
            if (!List.of(types).contains(type)) {
                throw Fields.unsupportedField(
                        part.at("type"),
                        part.at("type") + " \"" + Fields.shortened(type, 30)
                                + "\" is not supported: this model reads text alone, and the server fetches nothing");
            }
            texts.add(part.requiredText(type.equals("refusal") ? "refusal" : "text"));
            part.any("annotations");
            part.any("logprobs");
            part.any("cache_control");
            part.end();
        }
        return String.join("\n", texts);
    }

    private static void calls(Fields in, Map<String, Object> message) {
        List<Object> calls = new ArrayList<>();
        for (Fields call : in.objects("tool_calls", MAX_CALLS)) {
            call.word("type", "function");
            Fields function = call.object("function");
            if (function == null) {
                throw HttpException.field(call.at("function"), call.at("function") + " is missing");
            }
            calls.add(call(call.text("id"), function.requiredText("name"), function.text("arguments")));
            call.any("index");
            function.end();
            call.end();
        }
        if (!calls.isEmpty()) {
            message.put("tool_calls", calls);
        }
    }

    /** A call that the model made before, as templates take it: arguments as an object where they are one. */
    static Map<String, Object> call(@Nullable String id, String name, @Nullable String arguments) {
        Map<String, Object> function = new LinkedHashMap<>();
        function.put("name", name);
        JsonNode tree = RequestJson.tree(arguments == null || arguments.isEmpty() ? "{}" : arguments);
        function.put("arguments", tree.isObject() ? value(tree) : String.valueOf(arguments));
        Map<String, Object> call = new LinkedHashMap<>();
        if (id != null) {
            call.put("id", id);
        }
        call.put("type", "function");
        call.put("function", function);
        return call;
    }

    /** JSON as plain maps, lists and values. */
    static Object value(JsonNode node) {
        return MAPPER.treeToValue(node, Object.class);
    }
}
