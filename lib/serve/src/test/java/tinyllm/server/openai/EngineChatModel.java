package tinyllm.server.openai;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.TokenUsage;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import tinyllm.engine.Completion;
import tinyllm.engine.Engine;
import tinyllm.engine.EngineRequest;
import tinyllm.engine.RequestHandle;
import tinyllm.sampling.SamplingParams;
import tinyllm.text.ChatTemplate;

/** LangChain4j's streaming model on an engine in the same process: no HTTP between them. Each answer has a virtual thread. */
final class EngineChatModel implements StreamingChatModel {

    private static final long SEED = 5;

    private final Engine engine;
    private final ChatTemplate template;

    EngineChatModel(Engine engine, ChatTemplate template) {
        this.engine = engine;
        this.template = template;
    }

    @Override
    public void doChat(ChatRequest request, StreamingChatResponseHandler handler) {
        if (!request.toolSpecifications().isEmpty()) {
            throw new UnsupportedFeatureException("tools are the server's: ask it over HTTP");
        }
        List<Map<String, Object>> messages =
                request.messages().stream().map(EngineChatModel::message).toList();
        EngineRequest asked = EngineRequest.rendered(template.render(messages, List.of(), true))
                .sampling(new SamplingParams(
                        Objects.requireNonNullElse(request.temperature(), 1.0),
                        Objects.requireNonNullElse(request.topK(), 0),
                        Objects.requireNonNullElse(request.topP(), 1.0),
                        0,
                        1,
                        SEED))
                .stop(request.stopSequences().toArray(String[]::new));
        Integer most = request.maxOutputTokens();
        RequestHandle handle = engine.submit(most == null ? asked : asked.maxTokens(most));
        Thread.ofVirtual().start(() -> {
            try {
                answer(handle, handler);
            } catch (RuntimeException e) {
                handle.cancel();
                handler.onError(e);
            }
        });
    }

    private static void answer(RequestHandle handle, StreamingChatResponseHandler handler) {
        StringBuilder text = new StringBuilder();
        handle.tokens().forEach(token -> {
            if (!token.text().isEmpty()) {
                text.append(token.text());
                handler.onPartialResponse(token.text());
            }
        });
        Completion done = handle.result();
        handler.onCompleteResponse(ChatResponse.builder()
                .aiMessage(AiMessage.from(text.toString()))
                .tokenUsage(new TokenUsage(done.promptTokens(), done.tokens().size()))
                .finishReason(
                        handle.finishReason() == tinyllm.engine.FinishReason.LENGTH
                                ? FinishReason.LENGTH
                                : FinishReason.STOP)
                .build());
    }

    private static Map<String, Object> message(ChatMessage message) {
        return switch (message) {
            case SystemMessage system -> Map.of("role", "system", "content", system.text());
            case UserMessage user -> Map.of("role", "user", "content", user.singleText());
            case AiMessage assistant -> Map.of("role", "assistant", "content", assistant.text());
            default -> throw new UnsupportedFeatureException("messages of the kind " + message.type());
        };
    }
}
