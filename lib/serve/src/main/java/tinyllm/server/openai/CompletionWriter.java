package tinyllm.server.openai;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tinyllm.engine.Completion;
import tinyllm.engine.FinishReason;
import tinyllm.engine.Likely;
import tinyllm.engine.Token;
import tinyllm.server.http.HttpException;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code text_completion}, whole or in pieces of the same shape. */
final class CompletionWriter implements AnswerWriter {

    /** One of the answers; its log-probabilities stand in columns. */
    private static final class Text {
        final StringBuilder text = new StringBuilder();
        ObjectNode all = columns();
        ObjectNode unsent = columns();
        int offset;
        int promptTokens;
        int cachedTokens;
        int tokens;
        String finishReason = "";

        private static ObjectNode columns() {
            ObjectNode columns = Words.object();
            for (String name : List.of("tokens", "token_logprobs", "top_logprobs", "text_offset")) {
                columns.putArray(name);
            }
            return columns;
        }
    }

    private final ServedModel model;
    private final List<Text> texts = new ArrayList<>();
    private final int n;
    private final boolean streams;
    private final boolean includeUsage;
    private final boolean logprobs;
    private final String id = Words.id("cmpl-");
    private final long created = Instant.now().getEpochSecond();

    /** @param n answers to each prompt: those of one prompt stand beside each other */
    CompletionWriter(ServedModel model, int answers, int n, boolean streams, boolean includeUsage, boolean logprobs) {
        this.model = model;
        this.n = n;
        this.streams = streams;
        this.includeUsage = includeUsage;
        this.logprobs = logprobs;
        for (int i = 0; i < answers; i++) {
            texts.add(new Text());
        }
    }

    private ObjectNode head() {
        return Words.object()
                .put("id", id)
                .put("object", "text_completion")
                .put("created", created)
                .put("model", model.name());
    }

    private ObjectNode chunk(int index, String piece, @Nullable String finishReason) {
        ObjectNode chunk = head();
        Text text = texts.get(index);
        entry(chunk.putArray("choices"), index, piece, text.unsent, finishReason);
        text.unsent = Text.columns();
        if (includeUsage) {
            chunk.putNull("usage");
        }
        return chunk;
    }

    private void entry(ArrayNode choices, int index, String piece, ObjectNode columns, @Nullable String finishReason) {
        ObjectNode entry = choices.addObject().put("index", index).put("text", piece);
        if (logprobs) {
            entry.set("logprobs", columns);
        } else {
            entry.putNull("logprobs");
        }
        entry.put("finish_reason", finishReason);
    }

    @Override
    public List<ObjectNode> begin() {
        return List.of();
    }

    @Override
    public List<ObjectNode> token(int index, Token token) {
        Text text = texts.get(index);
        if (logprobs && token.id() != Token.TAIL) {
            note(text.all, token, text.offset);
            note(text.unsent, token, text.offset);
            text.offset += Words.text(model.tokenizer(), token.id()).length();
        }
        text.text.append(token.text());
        return streams && !token.text().isEmpty() ? List.of(chunk(index, token.text(), null)) : List.of();
    }

    private void note(ObjectNode columns, Token token, int offset) {
        ((ArrayNode) columns.get("tokens")).add(Words.text(model.tokenizer(), token.id()));
        ((ArrayNode) columns.get("token_logprobs")).add(Words.finite(token.logprob()));
        ((ArrayNode) columns.get("text_offset")).add(offset);
        ObjectNode top = ((ArrayNode) columns.get("top_logprobs")).addObject();
        for (Likely likely : token.top()) {
            top.put(Words.text(model.tokenizer(), likely.id()), Words.finite(likely.logprob()));
        }
    }

    @Override
    public List<ObjectNode> end(int index, FinishReason reason, Completion done, int cached) {
        Text text = texts.get(index);
        text.promptTokens = done.promptTokens();
        text.cachedTokens = cached;
        text.tokens = done.tokens().size();
        text.finishReason = reason.word();
        return streams ? List.of(chunk(index, "", reason.word())) : List.of();
    }

    @Override
    public List<ObjectNode> finish() {
        if (!includeUsage) {
            return List.of();
        }
        ObjectNode chunk = head();
        chunk.putArray("choices");
        chunk.set("usage", usage());
        return List.of(chunk);
    }

    /** A prompt counts once, however many answers it has. */
    private ObjectNode usage() {
        int prompt = 0;
        int cached = 0;
        int answer = 0;
        for (int i = 0; i < texts.size(); i++) {
            prompt += i % n == 0 ? texts.get(i).promptTokens : 0;
            cached += i % n == 0 ? texts.get(i).cachedTokens : 0;
            answer += texts.get(i).tokens;
        }
        return Words.usage(prompt, cached, answer);
    }

    @Override
    public ObjectNode whole() {
        ObjectNode answer = head();
        ArrayNode choices = answer.putArray("choices");
        for (int i = 0; i < texts.size(); i++) {
            Text text = texts.get(i);
            entry(choices, i, text.text.toString(), text.all, text.finishReason);
        }
        answer.set("usage", usage());
        return answer;
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
