package tinyllm.server.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A client library on the engine itself gets what it gets over HTTP. */
@Timeout(60)
class InProcessTest {

    private record Said(String pieces, ChatResponse whole) {}

    private static Said chat(StreamingChatModel model, ChatRequest request) throws Exception {
        StringBuilder pieces = new StringBuilder();
        CompletableFuture<ChatResponse> whole = new CompletableFuture<>();
        model.chat(request, new StreamingChatResponseHandler() {
            @Override
            public void onPartialResponse(String piece) {
                pieces.append(piece);
            }

            @Override
            public void onCompleteResponse(ChatResponse response) {
                whole.complete(response);
            }

            @Override
            public void onError(Throwable error) {
                whole.completeExceptionally(error);
            }
        });
        ChatResponse response = whole.get(30, TimeUnit.SECONDS);
        return new Said(pieces.toString(), response);
    }

    @Test
    void streamsWhatTheServerWouldAnswer() throws Exception {
        try (Tiny tiny = new Tiny()) {
            ServedModel served = tiny.models.get("tiny");
            StreamingChatModel model = new EngineChatModel(served.engine(), served.template(List.of()));
            Said said = chat(
                    model,
                    ChatRequest.builder()
                            .messages(SystemMessage.from("Be short."), UserMessage.from("Hello"))
                            .maxOutputTokens(20)
                            .temperature(0.8)
                            .build());
            Tiny.Answer answer =
                    Tiny.answer(tiny.chat("{'model':'tiny','messages':[{'role':'system','content':'Be short.'},"
                            + "{'role':'user','content':'Hello'}],'max_tokens':20,'temperature':0.8,'seed':5}"));
            assertThat(said.pieces())
                    .isEqualTo(said.whole().aiMessage().text())
                    .isEqualTo(answer.whole().at("/choices/0/message/content").stringValue());
            assertThat(said.whole().tokenUsage().inputTokenCount())
                    .isEqualTo(answer.whole().at("/usage/prompt_tokens").intValue());
            assertThat(said.whole().tokenUsage().outputTokenCount())
                    .isEqualTo(answer.whole().at("/usage/completion_tokens").intValue());
        }
    }

    @Test
    void anEngineThatIsClosedIsAnError() {
        Tiny tiny = new Tiny();
        ServedModel served = tiny.models.get("tiny");
        StreamingChatModel model = new EngineChatModel(served.engine(), served.template(List.of()));
        tiny.close();
        ChatRequest hello =
                ChatRequest.builder().messages(UserMessage.from("Hello")).build();
        assertThatThrownBy(() -> chat(model, hello)).isNotInstanceOf(ExecutionException.class);
    }
}
