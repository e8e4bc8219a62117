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

/** {@code chat.completion} and its chunks. */
final class ChatWriter implements AnswerWriter {
    private final ServedModel model;
    private final boolean streams;
    private final boolean includeUsage;
    private final boolean logprobs;
    private final List<Choice> choices = new ArrayList<>();
    private final String id = Words.id("chatcmpl-");
    private final long created = Instant.now().getEpochSecond();
    private int promptTokens;
    private int cachedTokens;

    ChatWriter(ServedModel model, int n, boolean streams, boolean includeUsage, boolean logprobs, boolean tools) {
        this.model = model;
        this.streams = streams;
        this.includeUsage = includeUsage;
        this.logprobs = logprobs;
        for (int i = 0; i < n; i++) {
            choices.add(new Choice(tools));
        }
    }

    private ObjectNode head(String object) {
        return Words.object()
                .put("id", id)
                .put("object", object)
                .put("created", created)
                .put("model", model.name());
    }

    private ObjectNode chunk() {
        return head("chat.completion.chunk");
    }

    /** A chunk with a choice that holds this delta. */
    private ObjectNode chunk(int choice, ObjectNode delta) {
        ObjectNode chunk = chunk();
        ObjectNode entry = chunk.putArray("choices").addObject().put("index", choice);
        entry.set("delta", delta);
        entry.set("logprobs", logprobs(choices.get(choice).takeLogprobs()));
        entry.putNull("finish_reason");
        if (includeUsage) {
            chunk.putNull("usage");
        }
        return chunk;
    }

    private JsonNode logprobs(ArrayNode entries) {
        if (!logprobs || entries.isEmpty()) {
            return entries.nullNode();
        }
        ObjectNode node = Words.object();
        node.set("content", entries);
        node.putNull("refusal");
        return node;
    }

    @Override
    public List<ObjectNode> begin() {
        List<ObjectNode> events = new ArrayList<>();
        for (int i = 0; streams && i < choices.size(); i++) {
            events.add(chunk(i, Words.object().put("role", "assistant").put("content", "")));
        }
        return events;
    }

    @Override
    public List<ObjectNode> token(int index, Token token) {
        Choice choice = choices.get(index);
        if (logprobs && token.id() != Token.TAIL) {
            choice.logprob(Words.logprob(model.tokenizer(), token));
        }
        return events(index, choice.push(token.text()));
    }

    private List<ObjectNode> events(int index, List<ToolCalls.Piece> pieces) {
        List<ObjectNode> events = new ArrayList<>();
        for (ToolCalls.Piece piece : streams ? pieces : List.<ToolCalls.Piece>of()) {
            ObjectNode delta = delta(choices.get(index), piece);
            if (!delta.isEmpty()) {
                events.add(chunk(index, delta));
            }
        }
        return events;
    }

    private static ObjectNode delta(Choice choice, ToolCalls.Piece piece) {
        ObjectNode delta = Words.object();
        switch (piece) {
            case ToolCalls.Piece.Prose said -> delta.put("content", said.text());
            case ToolCalls.Piece.Begin begin -> {
                ObjectNode call = delta.putArray("tool_calls").addObject().put("index", begin.call());
                call.put("id", choice.calls.get(begin.call()).id).put("type", "function");
                call.putObject("function").put("name", begin.name()).put("arguments", "");
            }
            case ToolCalls.Piece.Arguments more -> {
                ObjectNode call = delta.putArray("tool_calls").addObject().put("index", more.call());
                call.putObject("function").put("arguments", more.json());
            }
            case ToolCalls.Piece.End end -> {}
        }
        return delta;
    }

    @Override
    public List<ObjectNode> end(int index, FinishReason reason, Completion done, int cached) {
        Choice choice = choices.get(index);
        promptTokens = done.promptTokens();
        cachedTokens = index == 0 ? cached : cachedTokens; // the prompt counts once, as its first answer found it
        List<ObjectNode> events = events(index, choice.end(reason, done.tokens().size()));
        if (streams) {
            ObjectNode last = chunk(index, Words.object());
            ((ObjectNode) last.get("choices").get(0)).put("finish_reason", choice.finishReason);
            events.add(last);
        }
        return events;
    }

    @Override
    public List<ObjectNode> finish() {
        if (!includeUsage) {
            return List.of();
        }
        ObjectNode chunk = chunk();
        chunk.putArray("choices");
        chunk.set("usage", usage());
        return List.of(chunk);
    }

    private ObjectNode usage() {
        return Words.usage(
                promptTokens,
                cachedTokens,
                choices.stream().mapToInt(choice -> choice.tokens).sum());
    }

    @Override
    public ObjectNode whole() {
        ObjectNode answer = head("chat.completion");
        ArrayNode all = answer.putArray("choices");
        for (int i = 0; i < choices.size(); i++) {
            Choice choice = choices.get(i);
            ObjectNode entry = all.addObject().put("index", i);
            entry.set("message", message(choice));
            entry.set("logprobs", logprobs(choice.logprobs));
            entry.put("finish_reason", choice.finishReason);
        }
        answer.set("usage", usage());
        return answer;
    }

    private static ObjectNode message(Choice choice) {
        ObjectNode message = Words.object().put("role", "assistant");
        boolean callsAlone = choice.prose.isEmpty() && !choice.calls.isEmpty();
        message.put("content", callsAlone ? null : choice.prose.toString());
        message.putNull("refusal");
        if (!choice.calls.isEmpty()) {
            ArrayNode calls = message.putArray("tool_calls");
            for (Choice.Call made : choice.calls) {
                ObjectNode call = calls.addObject().put("id", made.id).put("type", "function");
                call.putObject("function").put("name", made.name).put("arguments", made.arguments.toString());
            }
        }
        return message;
    }

    @Override
    public @Nullable ObjectNode failed(HttpException problem) {
        return null;
    }

    @Override
    public boolean namesEvents() {
        return false;
    }
}
