package tinyllm.load;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Which of OpenAI's two streaming ways a load asks by. */
public enum Api {
    /** {@code /v1/chat/completions}: the prompt is one user message, around which the server's template writes its own tokens. */
    CHAT("/v1/chat/completions"),

    /** {@code /v1/completions}: the prompt is continued as it stands. */
    COMPLETIONS("/v1/completions");

    static final JsonMapper MAPPER = new JsonMapper();

    private final String path;

    Api(String path) {
        this.path = path;
    }

    String path() {
        return path;
    }

    /** A greedy, streaming request. */
    ObjectNode body(String model, String prompt, int maxTokens) {
        ObjectNode body = MAPPER.createObjectNode().put("model", model);
        if (this == CHAT) {
            body.putArray("messages").addObject().put("role", "user").put("content", prompt);
        } else {
            body.put("prompt", prompt);
        }
        body.put("max_tokens", maxTokens).put("temperature", 0).put("stream", true);
        body.putObject("stream_options").put("include_usage", true);
        return body;
    }

    /** The text that an event brought; empty when it brought none. */
    String text(JsonNode event) {
        JsonNode choice = event.path("choices").path(0);
        return (this == COMPLETIONS ? choice.path("text") : choice.path("delta").path("content")).asString("");
    }

    /** Whether an event brought something that the model wrote: text, thoughts or a part of a tool call. */
    boolean writes(JsonNode event) {
        JsonNode delta = event.path("choices").path(0).path("delta");
        return !text(event).isEmpty()
                || !delta.path("reasoning_content").asString("").isEmpty()
                || !delta.path("tool_calls").isEmpty();
    }
}
