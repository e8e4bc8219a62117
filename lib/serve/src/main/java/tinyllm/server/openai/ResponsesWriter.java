package tinyllm.server.openai;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tinyllm.engine.Completion;
import tinyllm.engine.FinishReason;
import tinyllm.engine.Token;
import tinyllm.server.http.HttpException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A {@code response} and its events: items open and close one after the other, and each event has a number. */
final class ResponsesWriter implements AnswerWriter {

    /** Fields of the request that the response repeats, as clients expect. */
    private static final List<String> REPEATED =
            List.of("instructions", "tools", "tool_choice", "parallel_tool_calls", "metadata", "text", "user");

    private final ServedModel model;
    private final ObjectNode request;
    private final Sampling sampling;
    private final Choice choice;
    private final String id = Words.id("resp_");
    private final long created = Instant.now().getEpochSecond();
    private final List<OutputItem> items = new ArrayList<>();
    private List<ObjectNode> events = new ArrayList<>();
    private @Nullable OutputItem open;
    private int number;
    private String status = "in_progress";
    private boolean cut;
    private @Nullable ObjectNode usage;

    ResponsesWriter(ServedModel model, ObjectNode request, Sampling sampling, boolean tools) {
        this.model = model;
        this.request = request;
        this.sampling = sampling;
        this.choice = new Choice(tools);
    }

    private ObjectNode event(String type) {
        return Words.object().put("type", type).put("sequence_number", number++);
    }

    private void ofResponse(String type) {
        ObjectNode event = event(type);
        event.set("response", whole());
        events.add(event);
    }

    private List<ObjectNode> take() {
        List<ObjectNode> taken = events;
        events = new ArrayList<>();
        return taken;
    }

    @Override
    public List<ObjectNode> begin() {
        ofResponse("response.created");
        ofResponse("response.in_progress");
        return take();
    }

    @Override
    public List<ObjectNode> token(int index, Token token) {
        choice.push(token.text()).forEach(this::piece);
        return take();
    }

    private void piece(ToolCalls.Piece piece) {
        switch (piece) {
            case ToolCalls.Piece.Prose said -> {
                if (open == null || open.isCall()) {
                    begin(OutputItem.message());
                }
                more(said.text());
            }
            case ToolCalls.Piece.Begin begin -> begin(OutputItem.call(choice.calls.get(begin.call()).id, begin.name()));
            case ToolCalls.Piece.Arguments arguments -> more(arguments.json());
            case ToolCalls.Piece.End end -> close();
        }
    }

    private ObjectNode ofItem(String type, OutputItem item) {
        return event(type).put("item_id", item.id()).put("output_index", items.indexOf(item));
    }

    private void begin(OutputItem item) {
        close();
        open = item;
        items.add(item);
        ObjectNode added = event("response.output_item.added").put("output_index", items.size() - 1);
        added.set("item", item.node("in_progress"));
        events.add(added);
        if (!item.isCall()) {
            ObjectNode part = ofItem("response.content_part.added", item).put("content_index", 0);
            part.set("part", OutputItem.part(""));
            events.add(part);
        }
    }

    private void more(String text) {
        OutputItem item = open;
        if (item != null) {
            item.text().append(text);
            String type = item.isCall() ? "response.function_call_arguments.delta" : "response.output_text.delta";
            events.add(withText(ofItem(type, item), item).put("delta", text));
        }
    }

    private static ObjectNode withText(ObjectNode event, OutputItem item) {
        if (!item.isCall()) {
            event.put("content_index", 0).putArray("logprobs");
        }
        return event;
    }

    private void close() {
        OutputItem item = open;
        open = null;
        if (item == null) {
            return;
        }
        String all = item.text().toString();
        if (item.isCall()) {
            events.add(ofItem("response.function_call_arguments.done", item)
                    .put("name", item.name())
                    .put("arguments", all));
        } else {
            events.add(withText(ofItem("response.output_text.done", item), item).put("text", all));
            ObjectNode part = ofItem("response.content_part.done", item).put("content_index", 0);
            part.set("part", OutputItem.part(all));
            events.add(part);
        }
        item.close(cut ? "incomplete" : "completed");
        ObjectNode done = event("response.output_item.done").put("output_index", items.indexOf(item));
        done.set("item", item.node(null));
        events.add(done);
    }

    @Override
    public List<ObjectNode> end(int index, FinishReason reason, Completion done, int cached) {
        cut = reason == FinishReason.LENGTH;
        choice.end(reason, done.tokens().size()).forEach(this::piece);
        if (items.isEmpty()) {
            begin(OutputItem.message());
        }
        close();
        status = cut ? "incomplete" : "completed";
        ObjectNode counts = Words.object();
        counts.put("input_tokens", done.promptTokens());
        counts.putObject("input_tokens_details").put("cached_tokens", cached);
        counts.put("output_tokens", choice.tokens);
        counts.putObject("output_tokens_details").put("reasoning_tokens", 0);
        counts.put("total_tokens", done.promptTokens() + choice.tokens);
        usage = counts;
        ofResponse("response." + status);
        return take();
    }

    @Override
    public List<ObjectNode> finish() {
        return List.of();
    }

    @Override
    public ObjectNode whole() {
        ObjectNode response = Words.object();
        response.put("id", id)
                .put("object", "response")
                .put("created_at", created)
                .put("status", status);
        response.putNull("error");
        if (cut) {
            response.putObject("incomplete_details").put("reason", "max_output_tokens");
        } else {
            response.putNull("incomplete_details");
        }
        response.put("model", model.name());
        ArrayNode output = response.putArray("output");
        items.forEach(item -> output.add(item.node(null)));
        for (String name : REPEATED) {
            JsonNode value = request.get(name);
            response.set(name, value == null || value.isNull() ? absent(name) : value);
        }
        response.putNull("previous_response_id").put("truncation", "disabled").put("store", false);
        response.put("temperature", sampling.params().temperature())
                .put("top_p", sampling.params().topP());
        if (sampling.maxTokens() > 0) {
            response.put("max_output_tokens", sampling.maxTokens());
        } else {
            response.putNull("max_output_tokens");
        }
        response.set("usage", usage == null ? response.nullNode() : usage.deepCopy());
        return response;
    }

    private JsonNode absent(String name) {
        ObjectNode empty = Words.object();
        return switch (name) {
            case "tools" -> empty.arrayNode();
            case "metadata" -> empty;
            case "tool_choice" -> empty.stringNode("auto");
            case "parallel_tool_calls" -> empty.booleanNode(true);
            case "text" -> {
                empty.putObject("format").put("type", "text");
                yield empty;
            }
            default -> empty.nullNode();
        };
    }

    @Override
    public ObjectNode failed(HttpException problem) {
        status = "failed";
        ObjectNode event = event("response.failed");
        ObjectNode response = whole();
        response.putObject("error")
                .put("code", problem.status() == 400 ? "invalid_prompt" : "server_error")
                .put("message", problem.message());
        event.set("response", response);
        return event;
    }

    @Override
    public boolean namesEvents() {
        return true;
    }
}
