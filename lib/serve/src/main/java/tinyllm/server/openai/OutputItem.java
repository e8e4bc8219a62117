package tinyllm.server.openai;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** One item of a response's output: a message, or the call of a function. */
final class OutputItem {
    private final String id;
    private final @Nullable String callId;
    private final String name;
    private final StringBuilder text = new StringBuilder();
    private String status = "in_progress";

    private OutputItem(String id, @Nullable String callId, String name) {
        this.id = id;
        this.callId = callId;
        this.name = name;
    }

    static OutputItem message() {
        return new OutputItem(Words.id("msg_"), null, "");
    }

    static OutputItem call(String callId, String name) {
        return new OutputItem(Words.id("fc_"), callId, name);
    }

    String id() {
        return id;
    }

    boolean isCall() {
        return callId != null;
    }

    String name() {
        return name;
    }

    /** What was said, or the call's arguments. */
    StringBuilder text() {
        return text;
    }

    void close(String how) {
        status = how;
    }

    static ObjectNode part(String text) {
        ObjectNode part = Words.object().put("type", "output_text").put("text", text);
        part.putArray("annotations");
        part.putArray("logprobs");
        return part;
    }

    /** @param as a status other than its own; its content is left out then */
    ObjectNode node(@Nullable String as) {
        ObjectNode node = Words.object().put("id", id).put("status", as == null ? status : as);
        if (callId != null) {
            node.put("type", "function_call").put("call_id", callId).put("name", name);
            return node.put("arguments", as == null ? text.toString() : "");
        }
        node.put("type", "message").put("role", "assistant");
        var content = node.putArray("content");
        if (as == null) {
            content.add(part(text.toString()));
        }
        return node;
    }
}
