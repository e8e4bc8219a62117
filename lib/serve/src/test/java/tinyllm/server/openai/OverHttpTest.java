package tinyllm.server.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tinyllm.engine.EngineMetrics;
import tinyllm.engine.EngineOptions;
import tinyllm.engine.FinishReason;
import tinyllm.engine.QueueBounds;
import tinyllm.engine.SchedulerPolicy;
import tinyllm.server.ApiServer;
import tinyllm.server.http.Wire;
import tools.jackson.databind.JsonNode;

/** The protocol through a real server: status, headers and events, and clients that leave. */
@Timeout(60)
class OverHttpTest {
    private static final String LONG = "{'model':'tiny','messages':[{'role':'user','content':'Hello'}],'temperature':2,"
            + "'logit_bias':{'262':-100,'260':-100},'max_tokens':2000,'stream':";
    private static final String SHORT =
            "{'model':'tiny','messages':[{'role':'user','content':'Hello'}],'max_tokens':5,'seed':1,'stream':";

    private HttpClient client = HttpClient.newHttpClient();
    private ApiServer server = start(EngineOptions.standard());

    private static ApiServer start(EngineOptions options) {
        try {
            return Tiny.serve(options);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @BeforeEach
    void warm() throws Exception {
        assertThat(post("chat/completions", SHORT + "false}").statusCode()).isEqualTo(200);
    }

    @AfterEach
    void close() {
        client.shutdownNow();
        server.close();
    }

    private HttpRequest.Builder to(String route) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + "/v1/" + route))
                .header("Content-Type", "application/json");
    }

    private HttpResponse<String> post(String route, String body) throws Exception {
        return client.send(
                to(route).POST(BodyPublishers.ofString(body.replace('\'', '"'))).build(), BodyHandlers.ofString());
    }

    private static JsonNode json(HttpResponse<String> response) {
        return Tiny.MAPPER.readTree(response.body());
    }

    private static List<String> data(HttpResponse<String> response) {
        return response.body()
                .lines()
                .filter(line -> line.startsWith("data: "))
                .map(line -> line.substring(6))
                .toList();
    }

    @Test
    void wholeAndStreamed() throws Exception {
        HttpResponse<String> whole = post("chat/completions", SHORT + "false}");
        String text = json(whole).at("/choices/0/message/content").stringValue();
        HttpResponse<String> streamed = post("chat/completions", SHORT + "true}");
        assertThat(streamed.headers().firstValue("Content-Type").orElse("")).startsWith("text/event-stream");
        List<String> data = new ArrayList<>(data(streamed));
        assertThat(data.removeLast()).isEqualTo("[DONE]");
        StringBuilder joined = new StringBuilder();
        data.forEach(line -> joined.append(
                Tiny.MAPPER.readTree(line).at("/choices/0/delta/content").asString("")));
        assertThat(joined).hasToString(text);
        HttpResponse<String> responses =
                post("responses", "{'model':'tiny','input':'x','max_output_tokens':4,'stream':true}");
        assertThat(responses.body())
                .startsWith("event: response.created\ndata: {")
                .doesNotContain("[DONE]");
        assertThat(json(post("completions", "{'model':'tiny','prompt':'x','max_tokens':2}"))
                        .at("/usage/completion_tokens")
                        .intValue())
                .isLessThanOrEqualTo(2);
    }

    @Test
    void whatIsWrongHasTheRightStatus() throws Exception {
        HttpResponse<String> unknown = post("chat/completions", SHORT.replace("tiny", "../tiny") + "true}");
        assertThat(unknown.statusCode()).isEqualTo(404);
        assertThat(json(unknown).at("/error/code").stringValue()).isEqualTo("model_not_found");
        HttpResponse<String> wrong = post("chat/completions", SHORT + "1}");
        assertThat(wrong.statusCode()).isEqualTo(400);
        assertThat(json(wrong).at("/error/param").stringValue()).isEqualTo("stream");
        assertThat(post("chat/completions", "{").statusCode()).isEqualTo(400);
        assertThat(client.send(to("chat/completions").GET().build(), BodyHandlers.ofString())
                        .statusCode())
                .isEqualTo(405);
    }

    @Test
    void modelsAndTheDocument() throws Exception {
        var list = client.send(to("models").GET().build(), BodyHandlers.ofString());
        assertThat(json(list).at("/data/0/id").stringValue()).isEqualTo("tiny");
        var one = client.send(to("models/tiny").GET().build(), BodyHandlers.ofString());
        assertThat(json(one)).isEqualTo(json(list).at("/data/0"));
        assertThat(client.send(to("models/other").GET().build(), BodyHandlers.ofString())
                        .statusCode())
                .isEqualTo(404);
        var document = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + "/openapi.json"))
                .build();
        assertThat(json(client.send(document, BodyHandlers.ofString()))
                        .at("/openapi")
                        .stringValue())
                .isEqualTo("3.1.0");
    }

    /** What the document lists is there, and answers as it says. */
    @Test
    void everyDocumentedRouteIsThere() throws Exception {
        JsonNode paths = Tiny.MAPPER.readTree(OpenApi.document()).get("paths");
        for (String path : paths.propertyNames()) {
            var uri = URI.create("http://127.0.0.1:" + server.port() + path.replace("{model}", "tiny"));
            boolean posts = paths.get(path).has("post");
            var request = HttpRequest.newBuilder(uri).header("Content-Type", "application/json");
            var sent = posts ? request.POST(BodyPublishers.ofString("{}")) : request.GET();
            HttpResponse<InputStream> response =
                    client.sendAsync(sent.build(), BodyHandlers.ofInputStream()).get(10, TimeUnit.SECONDS);
            response.body().close(); // of /live there is no end
            assertThat(response.statusCode()).as(path).isEqualTo(posts ? 400 : 200);
        }
    }

    private void awaitIdle(int cancelled) throws InterruptedException {
        long until = System.nanoTime() + 10_000_000_000L;
        while (server.engine().metrics().ended().getOrDefault(FinishReason.CANCELLED, 0L) < cancelled
                && System.nanoTime() < until) {
            Thread.sleep(5);
        }
        EngineMetrics metrics = server.engine().metrics();
        assertThat(metrics.ended().getOrDefault(FinishReason.CANCELLED, 0L)).isEqualTo(cancelled);
        assertThat(metrics.submitted())
                .isEqualTo(metrics.ended().values().stream()
                        .mapToLong(Long::longValue)
                        .sum());
    }

    /** Streaming or not, whoever leaves frees the engine (row H5). */
    @Test
    void clientsThatLeaveAreNoticed() throws Exception {
        for (int i = 0; i < 4; i++) {
            try (InputStream stream = client.send(
                            to("chat/completions")
                                    .POST(BodyPublishers.ofString((LONG + "true}").replace('\'', '"')))
                                    .build(),
                            BodyHandlers.ofInputStream())
                    .body()) {
                stream.readNBytes(300 * i);
            }
        }
        HttpClient other = HttpClient.newHttpClient();
        CompletableFuture<HttpResponse<String>> waiting = other.sendAsync(
                to("chat/completions")
                        .POST(BodyPublishers.ofString((LONG + "false}").replace('\'', '"')))
                        .build(),
                BodyHandlers.ofString());
        while (server.engine().metrics().submitted() < 6) {
            Thread.sleep(5);
        }
        waiting.cancel(true);
        other.shutdownNow();
        awaitIdle(5);
        assertThat(post("chat/completions", SHORT + "false}").statusCode()).isEqualTo(200);
    }

    /** A client that leaves while its long prompt is still being read, beside one whose text must not change (row H5). */
    @Test
    void whoeverLeavesDuringThePrefillLeavesNothingBehind() throws Exception {
        close();
        server = start(EngineOptions.standard()
                .with(SchedulerPolicy.standard().withStepTokens(32).withChunkTokens(16))
                .with(step -> LockSupport.parkNanos(5_000_000)));
        client = HttpClient.newHttpClient();
        String alone = shortAnswer();
        String prompt = "{'model':'tiny','max_tokens':4,'prompt':'" + "0123456789".repeat(250) + "'}";
        for (int i = 1; i <= 2; i++) {
            long computed = server.engine().metrics().computedTokens();
            CompletableFuture<String> neighbour;
            try (Wire wire = Wire.open(server.port())) {
                wire.send(Wire.post("/v1/completions", prompt.replace('\'', '"')));
                while (server.engine().metrics().computedTokens() < computed + 100) {
                    Thread.sleep(1);
                }
                neighbour = CompletableFuture.supplyAsync(this::shortAnswer);
                while (server.engine().metrics().submitted() < 1 + 2 * i) {
                    Thread.sleep(1);
                }
                if (i == 2) {
                    wire.reset();
                }
            }
            assertThat(neighbour.join()).isEqualTo(alone);
            awaitIdle(i);
            assertThat(server.engine().metrics().computedTokens())
                    .as("the rest of the prompt was never read")
                    .isLessThan(computed + 2000);
            for (int wait = 0; wait < 200 && server.engine().pages().used() > 0; wait++) {
                Thread.sleep(5);
            }
            assertThat(server.engine().pages().used()).isZero();
        }
        assertThat(shortAnswer()).isEqualTo(alone);
    }

    private String shortAnswer() {
        try {
            return content(post("chat/completions", SHORT + "false}"));
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static String content(HttpResponse<String> response) {
        return json(response).at("/choices/0/message/content").stringValue();
    }

    /** An address in a request is never asked (row R7). */
    @Test
    void noAddressInARequestIsAsked() throws Exception {
        try (ServerSocket asked = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            asked.setSoTimeout(200);
            String url = "http://127.0.0.1:" + asked.getLocalPort() + "/x.png";
            for (String content : List.of(
                    "{'type':'image_url','image_url':{'url':'" + url + "'}}",
                    "{'type':'input_audio','input_audio':{'data':'" + url + "','format':'wav'}}",
                    "{'type':'file','file':{'file_id':'" + url + "'}}")) {
                String body = "{'model':'tiny','messages':[{'role':'user','content':[" + content + "]}]}";
                assertThat(post("chat/completions", body).statusCode()).isEqualTo(400);
            }
            String item = "{'type':'input_image','image_url':'" + url + "'}";
            assertThat(post("responses", "{'model':'tiny','input':[{'role':'user','content':[" + item + "]}]}")
                            .statusCode())
                    .isEqualTo(400);
            String schema = "{'type':'json_schema','json_schema':{'name':'x','schema':{'$ref':'" + url + "'}}}";
            assertThat(post("chat/completions", SHORT + "false,'response_format':" + schema + "}")
                            .statusCode())
                    .isEqualTo(400);
            assertThat(post("chat/completions", SHORT.replace("tiny", url) + "false}")
                            .statusCode())
                    .isEqualTo(404);
            assertThatThrownBy(asked::accept).isInstanceOf(SocketTimeoutException.class);
        }
    }

    @Test
    void aFullQueueSaysWhenToComeBack() throws Exception {
        close();
        server = start(EngineOptions.standard()
                .with(QueueBounds.standard().withRequests(1))
                .with(SchedulerPolicy.standard().withMaxRunning(1)));
        client = HttpClient.newHttpClient();
        try (HttpClient many = HttpClient.newHttpClient()) {
            List<CompletableFuture<HttpResponse<InputStream>>> open = new ArrayList<>();
            int busy = 0;
            for (int i = 0; i < 6; i++) {
                var response = many.send(
                        to("chat/completions")
                                .POST(BodyPublishers.ofString((LONG + "true}").replace('\'', '"')))
                                .build(),
                        BodyHandlers.ofInputStream());
                if (response.statusCode() == 429) {
                    busy++;
                    assertThat(response.headers().firstValue("Retry-After")).contains("1");
                } else {
                    open.add(CompletableFuture.completedFuture(response));
                }
                Thread.sleep(50);
            }
            assertThat(busy).isGreaterThanOrEqualTo(2);
            for (var one : open) {
                one.join().body().close();
            }
            many.shutdownNow();
        }
    }
}
