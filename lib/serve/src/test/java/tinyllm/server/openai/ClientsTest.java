package tinyllm.server.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.chat.completions.ChatCompletionToolChoiceOption;
import com.openai.models.completions.CompletionCreateParams;
import com.openai.models.responses.ResponseCreateParams;
import com.openai.models.responses.ResponseStreamEvent;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tinyllm.engine.EngineOptions;
import tinyllm.server.ApiServer;

/** Clients that people have already talk to the server without changes. */
@Timeout(120)
@Tag("slow")
class ClientsTest {
    private static final ApiServer SERVER = start();
    private static final String URL = "http://127.0.0.1:" + SERVER.port() + "/v1";
    private static final OpenAIClient OPENAI = OpenAIOkHttpClient.builder()
            .baseUrl(URL)
            .apiKey("none")
            .maxRetries(0)
            .build();

    /** What an answer has to hold. */
    public static final class City {
        public String name = "";
        public int people;
        public boolean capital;
    }

    private static ApiServer start() {
        try {
            return Tiny.serve(EngineOptions.standard());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @AfterAll
    static void close() {
        OPENAI.close();
        SERVER.close();
    }

    private static ChatCompletionCreateParams.Builder chat() {
        return ChatCompletionCreateParams.builder()
                .model("tiny")
                .addSystemMessage("Be short.")
                .addUserMessage("Hello")
                .seed(3)
                .maxCompletionTokens(24);
    }

    @Test
    void openAiJavaChats() {
        ChatCompletion whole = OPENAI.chat().completions().create(chat().build());
        ChatCompletionAccumulator streamed = ChatCompletionAccumulator.create();
        ChatCompletionStreamOptions usage =
                ChatCompletionStreamOptions.builder().includeUsage(true).build();
        try (StreamResponse<ChatCompletionChunk> chunks = OPENAI.chat()
                .completions()
                .createStreaming(chat().streamOptions(usage).build())) {
            chunks.stream().forEach(streamed::accumulate);
        }
        assertThat(streamed.chatCompletion().choices().getFirst().message().content())
                .isEqualTo(whole.choices().getFirst().message().content());
        assertThat(streamed.chatCompletion().usage().orElseThrow().completionTokens())
                .isEqualTo(whole.usage().orElseThrow().completionTokens());
        assertThat(OPENAI.models().list().data())
                .extracting(model -> model.id())
                .containsExactly("tiny");
    }

    @Test
    void openAiJavaGetsFormsAndCalls() {
        var form = chat().maxCompletionTokens(200).responseFormat(City.class).build();
        City city = OPENAI.chat()
                .completions()
                .create(form)
                .choices()
                .getFirst()
                .message()
                .content()
                .orElseThrow();
        assertThat(city.name).isNotNull();
        var calling = chat().maxCompletionTokens(250)
                .addTool(City.class)
                .toolChoice(ChatCompletionToolChoiceOption.Auto.REQUIRED)
                .build();
        var calls = OPENAI.chat()
                .completions()
                .create(calling)
                .choices()
                .getFirst()
                .message()
                .toolCalls()
                .orElseThrow();
        assertThat(calls.getFirst().asFunction().function().arguments(City.class))
                .isNotNull();
    }

    @Test
    void openAiJavaCompletesAndResponds() {
        var completion = OPENAI.completions()
                .create(CompletionCreateParams.builder()
                        .model("tiny")
                        .prompt("ab")
                        .maxTokens(5)
                        .build());
        assertThat(completion.choices()).hasSize(1);
        var params = ResponseCreateParams.builder()
                .model("tiny")
                .input("Hello")
                .maxOutputTokens(12)
                .build();
        assertThat(OPENAI.responses().create(params).output()).hasSize(1);
        List<ResponseStreamEvent> events = new ArrayList<>();
        try (StreamResponse<ResponseStreamEvent> stream = OPENAI.responses().createStreaming(params)) {
            stream.stream().forEach(events::add);
        }
        assertThat(events.getFirst().isCreated()).isTrue();
        assertThat(events.getLast().isCompleted() || events.getLast().isIncomplete())
                .isTrue();
    }

    @Test
    void openAiJavaUnderstandsRefusals() {
        assertThatThrownBy(() ->
                        OPENAI.chat().completions().create(chat().model("other").build()))
                .isInstanceOf(NotFoundException.class)
                .hasMessageContaining("is not served here");
        assertThatThrownBy(() -> OPENAI.chat().completions().create(chat().n(99).build()))
                .isInstanceOf(BadRequestException.class)
                .hasMessageContaining("n must be a whole number in 1…16");
    }

    @Test
    void langChain4jChats() throws Exception {
        String whole = OpenAiChatModel.builder()
                .baseUrl(URL)
                .apiKey("none")
                .modelName("tiny")
                .seed(5)
                .maxTokens(20)
                .build()
                .chat("Hello");
        CompletableFuture<String> streamed = new CompletableFuture<>();
        OpenAiStreamingChatModel.builder()
                .baseUrl(URL)
                .apiKey("none")
                .modelName("tiny")
                .seed(5)
                .maxTokens(20)
                .build()
                .chat("Hello", new StreamingChatResponseHandler() {
                    private final StringBuilder text = new StringBuilder();

                    @Override
                    public void onPartialResponse(String piece) {
                        text.append(piece);
                    }

                    @Override
                    public void onCompleteResponse(ChatResponse response) {
                        streamed.complete(text.toString());
                    }

                    @Override
                    public void onError(Throwable error) {
                        streamed.completeExceptionally(error);
                    }
                });
        assertThat(streamed.get(30, TimeUnit.SECONDS)).isEqualTo(whole);
    }

    @Test
    void langChain4jGetsFormsAndCalls() {
        OpenAiChatModel model = OpenAiChatModel.builder()
                .baseUrl(URL)
                .apiKey("none")
                .modelName("tiny")
                .maxTokens(200)
                .strictJsonSchema(true)
                .strictTools(true)
                .build();
        JsonObjectSchema schema = JsonObjectSchema.builder()
                .addStringProperty("name")
                .addIntegerProperty("people")
                .required("name", "people")
                .additionalProperties(false)
                .build();
        ChatResponse form = model.chat(ChatRequest.builder()
                .messages(UserMessage.from("A city"))
                .responseFormat(ResponseFormat.builder()
                        .type(ResponseFormatType.JSON)
                        .jsonSchema(JsonSchema.builder()
                                .name("city")
                                .rootElement(schema)
                                .build())
                        .build())
                .build());
        assertThat(Tiny.MAPPER.readTree(form.aiMessage().text()).has("people")).isTrue();
        ChatResponse call = model.chat(ChatRequest.builder()
                .messages(UserMessage.from("Look it up"))
                .toolSpecifications(ToolSpecification.builder()
                        .name("look_up")
                        .description("Looks a city up")
                        .parameters(schema)
                        .build())
                .toolChoice(ToolChoice.REQUIRED)
                .build());
        assertThat(call.aiMessage().toolExecutionRequests().getFirst().name()).isEqualTo("look_up");
    }
}
