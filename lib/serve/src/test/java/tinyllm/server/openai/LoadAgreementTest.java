package tinyllm.server.openai;

import static org.assertj.core.api.Assertions.assertThat;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.completions.Completion;
import com.openai.models.completions.CompletionCreateParams;
import com.openai.models.completions.CompletionUsage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tinyllm.engine.EngineMetrics;
import tinyllm.engine.EngineOptions;
import tinyllm.engine.FinishReason;
import tinyllm.engine.QueueBounds;
import tinyllm.engine.SchedulerPolicy;
import tinyllm.load.Api;
import tinyllm.load.Lengths;
import tinyllm.load.Load;
import tinyllm.load.LoadReport;
import tinyllm.load.Prompts;
import tinyllm.load.Sample;
import tinyllm.load.TraceGenerator;
import tinyllm.server.ApiServer;

/** What the load counts is what the server counts, and what another client counts. */
@Tag("slow")
@Timeout(120)
class LoadAgreementTest {

    private static final Prompts PROMPTS = Prompts.words(4);

    private static String url(ApiServer server) {
        return "http://127.0.0.1:" + server.port();
    }

    @Test
    void withTheServerAndWithOpenAiJava() throws Exception {
        var trace = new TraceGenerator(2, 50, Lengths.logUniform(4, 40), Lengths.logUniform(2, 24), 1);
        try (ApiServer server = Tiny.serve(EngineOptions.standard())) {
            LoadReport report = Load.on(url(server))
                    .by(Api.COMPLETIONS)
                    .prompts(PROMPTS)
                    .field("ignore_eos", true)
                    .open(trace, 40);
            assertThat(report.outcomes()).isEqualTo(Map.of("200", 40L));
            EngineMetrics metrics = server.engine().metrics();
            assertThat(metrics.ended().get(FinishReason.LENGTH)).isEqualTo(40);
            assertThat(metrics.generatedTokens()).isEqualTo(report.tokens());
            assertThat(metrics.promptTokens()).isEqualTo(report.promptTokens());
            assertThat(metrics.firstToken().max())
                    .as("the engine's part of the longest wait")
                    .isLessThanOrEqualTo(report.firstToken().max());
            asksTheSame(server, report);
        }
    }

    private static void asksTheSame(ApiServer server, LoadReport report) {
        OpenAIClient client = OpenAIOkHttpClient.builder()
                .baseUrl(url(server) + "/v1")
                .apiKey("none")
                .maxRetries(0)
                .build();
        for (Sample sample : report.samples().subList(0, 8)) {
            var params = CompletionCreateParams.builder()
                    .model(report.model())
                    .prompt(PROMPTS.prompt(sample.request(), sample.promptWanted()))
                    .maxTokens(sample.tokensWanted())
                    .temperature(0)
                    .streamOptions(ChatCompletionStreamOptions.builder()
                            .includeUsage(true)
                            .build())
                    .putAdditionalBodyProperty("ignore_eos", com.openai.core.JsonValue.from(true))
                    .build();
            int events = 0;
            List<CompletionUsage> usages = new ArrayList<>();
            try (StreamResponse<Completion> stream = client.completions().createStreaming(params)) {
                for (Completion event : (Iterable<Completion>) stream.stream()::iterator) {
                    events += event.choices().stream()
                                    .anyMatch(choice -> !choice.text().isEmpty())
                            ? 1
                            : 0;
                    event.usage().ifPresent(usages::add);
                }
            }
            assertThat(usages).hasSize(1);
            CompletionUsage usage = usages.getFirst();
            assertThat(sample.tokens())
                    .isEqualTo((int) usage.completionTokens())
                    .isEqualTo(sample.tokensWanted());
            assertThat(sample.promptTokens()).isEqualTo((int) usage.promptTokens());
            assertThat(sample.events()).isEqualTo(events);
        }
        client.close();
    }

    @Test
    void aboutRefusals() throws Exception {
        EngineOptions options = EngineOptions.standard()
                .with(QueueBounds.standard().withRequests(4))
                .with(SchedulerPolicy.standard().withMaxRunning(2));
        try (ApiServer server = Tiny.serve(options)) {
            LoadReport report = Load.on(url(server))
                    .field("ignore_eos", true)
                    .open(TraceGenerator.atOnce(1, Lengths.fixed(8), Lengths.fixed(60)), 60);
            EngineMetrics metrics = server.engine().metrics();
            assertThat(report.outcomes()).containsOnlyKeys("200", "429");
            assertThat(report.outcomes().get("429")).isEqualTo(metrics.refused());
            assertThat(report.answered()).isEqualTo(metrics.submitted());
            assertThat(report.tokens()).isEqualTo(metrics.generatedTokens());
        }
    }
}
