package tinyllm.server.notebook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static tinyllm.server.notebook.Serving.serve;

import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tinyllm.engine.EngineOptions;
import tinyllm.engine.Sequence;
import tinyllm.engine.ShortestWithAgeing;
import tinyllm.lab.check.TodoException;
import tinyllm.model.CausalLm;
import tinyllm.server.ApiServer;
import tinyllm.server.http.HttpSettings;
import tinyllm.server.openai.OpenAiProtocol;
import tinyllm.server.openai.Tiny;
import tinyllm.stream.AnswerStream;
import tinyllm.stream.ChatEvents;
import tinyllm.stream.StreamHead;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What a notebook's cells do with the server, on a tiny random model. */
@Tag("slow")
@Timeout(60)
class NotebookServerTest {

    private static final CausalLm MODEL = Tiny.model();
    private static final HttpClient CLIENT =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    /** Steps that take as long as a larger model's. */
    private static final EngineOptions SLOW = EngineOptions.standard().with(step -> LockSupport.parkNanos(3_000_000));

    private static String post(int port, String model, String more) throws Exception {
        String body = "{\"model\": \"" + model + "\", \"max_tokens\": 9, \"temperature\": 0, " + more
                + ", \"messages\": [{\"role\": \"user\", \"content\": \"Why?\"}]}";
        HttpRequest request = HttpRequest.newBuilder(
                        java.net.URI.create("http://127.0.0.1:" + port + "/v1/chat/completions"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        return CLIENT.send(request, HttpResponse.BodyHandlers.ofString()).body();
    }

    /** The events without what differs from answer to answer. */
    private static List<String> events(String stream) {
        List<String> events = new ArrayList<>();
        StringBuilder text = new StringBuilder();
        for (String frame : stream.split("\n\n")) {
            String data = frame.replaceFirst("^data: ", "");
            if (data.equals("[DONE]")) {
                events.add(data);
                continue;
            }
            JsonNode event = JsonMapper.shared().readTree(data);
            JsonNode choice = event.path("choices").path(0);
            JsonNode delta = choice.path("delta");
            text.append(delta.path("content").asString(""));
            if (delta.has("role") || !choice.path("finish_reason").isNull()) {
                events.add(event.path("object").asString("") + " "
                        + event.path("model").asString("") + " " + delta + " " + choice.path("finish_reason") + " "
                        + event.path("usage").path("total_tokens"));
            }
        }
        events.add("text: " + text);
        return events;
    }

    /** Whoever learns the format by the library's event stream learns what the server itself sends. */
    @Test
    void writesTheSameEventsAsTheServer() throws Exception {
        String stream = "\"stream\": true, \"stream_options\": {\"include_usage\": true}";
        try (NotebookServer own = serve(MODEL, new ShortestWithAgeing());
                ApiServer library = ApiServer.start(
                        MODEL,
                        EngineOptions.standard(),
                        HttpSettings.loopback(0),
                        new OpenAiProtocol(own.model(), MODEL))) {
            List<String> ours = events(post(own.url().getPort(), own.model(), stream));
            List<String> theirs = events(post(library.port(), own.model(), stream));

            assertThat(ours).hasSizeGreaterThan(3);
            assertThat(ours.stream().map(e -> e.replace(" null null", " null ")))
                    .isEqualTo(theirs.stream()
                            .map(e -> e.replace(" null null", " null "))
                            .toList());
            assertThat(own.requests()).singleElement().satisfies(request -> {
                assertThat(request.reason()).isIn("stop", "length");
                assertThat(request.sent()).isPositive();
                assertThat(request.first()).isGreaterThan(request.arrived()).isLessThan(request.ended());
                assertThat(request.ended()).isGreaterThan(request.arrived());
            });
        }
    }

    /** What is no plain streamed chat is answered as always. */
    @Test
    void leavesOtherRequestsToTheLibrary() throws Exception {
        AtomicInteger streams = new AtomicInteger();
        try (NotebookServer server = serve(MODEL, new ShortestWithAgeing(), ChatEvents::new, () -> {
            streams.incrementAndGet();
            return new AnswerStream();
        })) {
            int port = server.url().getPort();
            assertThat(post(port, server.model(), "\"stream\": false")).contains("\"chat.completion\"");
            assertThat(post(port, server.model(), "\"stream\": true, \"n\": 2")).contains("\"index\":1", "[DONE]");
            assertThat(streams).hasValue(0);
            assertThat(post(port, server.model(), "\"stream\": true, \"stop\": [\"e\"]"))
                    .contains("[DONE]");
            assertThat(streams).hasValue(1);
            assertThat(post(port, "other", "\"stream\": true")).contains("model_not_found");
        }
    }

    @Test
    void givesThePagesOfAClientBackThatLeaves() throws Exception {
        try (NotebookServer server = serve(MODEL, SLOW)) {
            Visit visit = Visitor.visit(server, "Tell me a long story.", 900, 2, piece -> {});
            assertThat(visit.left()).isTrue();
            long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(2);
            while (System.nanoTime() < until && !server.requests().getFirst().cancelled()) {
                TimeUnit.MILLISECONDS.sleep(5);
            }
            assertThat(server.requests().getFirst().reason()).isEqualTo("cancelled");
            while (System.nanoTime() < until && server.pages().used() > 0) {
                TimeUnit.MILLISECONDS.sleep(5);
            }
            assertThat(server.pages().used()).isZero();
            assertThat(Visitor.visit(server, "And now?", 3, piece -> {}).text()).isNotNull();
        }
    }

    @Test
    void aStubIsNotSolvedYet() throws Exception {
        try (NotebookServer server = serve(MODEL, new ShortestWithAgeing(), () -> new Stub(), AnswerStream::new)) {
            assertThatThrownBy(() -> server.ask("Why?", 3)).isInstanceOf(TodoException.class);
            assertThat(server.pages().used()).isZero();
        }
        assertThatThrownBy(() -> LoadRun.of(
                        "stub",
                        MODEL,
                        (waiting, rate) -> {
                            throw new TodoException("order");
                        },
                        50,
                        Visitors.poisson(6, 500, 32, 20),
                        1))
                .isInstanceOf(TodoException.class);
    }

    /** What throws when it should begin. */
    private static final class Stub implements tinyllm.stream.EventStreamFn {
        private final ChatEvents rest = new ChatEvents();

        @Override
        public String begin(StreamHead head) {
            throw new TodoException("begin");
        }

        @Override
        public String token(byte[] bytes) {
            return rest.token(bytes);
        }

        @Override
        public String end(String finishReason, int promptTokens, int completionTokens) {
            return rest.end(finishReason, promptTokens, completionTokens);
        }

        @Override
        public String keepAlive() {
            return rest.keepAlive();
        }

        @Override
        public String failed(String message) {
            return rest.failed(message);
        }
    }

    @Test
    void thereIsOneServerAtATime() throws Exception {
        NotebookServer first = serve(MODEL);
        try (NotebookServer second = serve(MODEL, new ShortestWithAgeing())) {
            assertThat(first.url()).isNotEqualTo(second.url());
            assertThatThrownBy(() -> post(first.url().getPort(), first.model(), "\"stream\": true"))
                    .isInstanceOf(java.io.IOException.class);
            assertThat(second.text()).contains("curl -N " + second.url());
            assertThat(second.html()).contains("href=\"" + second.url() + "/\"");
        }
    }

    @Test
    void aLoadIsTheSameForEverybody() throws Exception {
        Visitors visitors = Visitors.poisson(12, 200, 64, 8);
        assertThat(visitors).isEqualTo(Visitors.poisson(12, 200, 64, 8));
        List<Integer> seen = new ArrayList<>();
        LoadRun fair = LoadRun.firstCome(MODEL, visitors, 1);
        LoadRun mine = LoadRun.of(
                "mine",
                MODEL,
                (waiting, rate) -> {
                    seen.add(waiting.size());
                    return waiting.reversed().stream().map(Sequence::id).toList();
                },
                50,
                visitors,
                1);

        assertThat(seen).as("the policy is asked").isNotEmpty();
        for (LoadRun run : List.of(fair, mine)) {
            assertThat(run.visits()).hasSize(12);
            assertThat(run.requests())
                    .hasSize(12)
                    .noneMatch(request -> request.reason().isEmpty());
            assertThat(run.visits().stream().filter(Visit::left)).hasSizeLessThanOrEqualTo(2);
            assertThat(run.pagesLeft()).isZero();
            assertThat(run.toString()).contains("12 visitors", "0 pages still taken");
        }
        assertThat(LoadRun.requests(fair, mine).text()).contains("mine: 12 requests");
        assertThat(LoadRun.firstTokens(fair, mine).text()).contains("The first text");
        assertThat(LoadRun.gaps(fair, mine).text()).contains("Between two pieces");
    }

    @Test
    void measuresWhatHttpAdds() throws Exception {
        HttpCost cost = HttpCost.of(serve(MODEL), 3);

        assertThat(cost.addedMs()).isBetween(0.0, 1_000.0);
        assertThat(cost.engineMs()).isPositive().isLessThan(cost.clientMs());
        assertThat(cost.text()).contains("medians of 3 requests");
    }
}
