package tinyllm.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tinyllm.engine.EngineOptions;
import tinyllm.engine.QueueBounds;
import tinyllm.engine.SchedulerPolicy;
import tinyllm.engine.SchedulerStep;
import tinyllm.model.CausalLm;
import tinyllm.model.Models;
import tinyllm.server.http.ApiKey;
import tinyllm.server.http.HttpSettings;
import tinyllm.server.http.Routes;
import tinyllm.server.http.Wire;
import tinyllm.server.openai.OpenAiProtocol;

/** The engine behind HTTP, on a tiny random model. */
@Tag("slow")
@Timeout(120)
class ApiServerTest {

    private static final boolean LONG = Boolean.getBoolean("tinyllm.long");
    private static final Path TINY =
            Path.of("..", "core", "src", "test", "resources", "checkpoints", "qwen2-tied-bf16");

    private static CausalLm model;

    @BeforeAll
    static void load() {
        model = Models.load(TINY.toString());
    }

    private static ApiServer server(EngineOptions options) throws IOException {
        return ApiServer.start(model, options, HttpSettings.loopback(0), new TextProtocol());
    }

    /** Steps that take as long as a larger model's. */
    private static EngineOptions slowly(EngineOptions options) {
        return options.with(step -> LockSupport.parkNanos(2_000_000));
    }

    private static String post(String prompt, int maxTokens, boolean stream) {
        return Wire.post(TextProtocol.PATH, TextProtocol.request(prompt, maxTokens, stream));
    }

    private static Wire.Answer get(ApiServer server, String path) throws IOException {
        try (Wire wire = Wire.open(server.port())) {
            return wire.send(Wire.get(path)).answer();
        }
    }

    private static long metric(String metrics, String name) {
        return metrics.lines()
                .filter(line -> line.startsWith(name + " "))
                .map(line -> (long) Double.parseDouble(line.substring(name.length() + 1)))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + name + " in\n" + metrics));
    }

    /** Waits until nothing runs: every request has ended in one way, and every page is back. */
    private static String settled(ApiServer server) throws Exception {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        String metrics = get(server, "/metrics").body();
        while (System.nanoTime() < until
                && (server.engine().metrics().running()
                                        + server.engine().metrics().waiting()
                                > 0
                        || server.engine().pages().used() > 0
                        || metric(metrics, "tinyllm_requests_submitted_total") != sum(metrics))) {
            TimeUnit.MILLISECONDS.sleep(20);
            metrics = get(server, "/metrics").body();
        }
        assertThat(server.engine().pages().used())
                .as("pages that somebody holds")
                .isZero();
        assertThat(metric(metrics, "tinyllm_requests_submitted_total")).isEqualTo(sum(metrics));
        return metrics;
    }

    private static long sum(String metrics) {
        return metric(metrics, "tinyllm_requests_finished_total")
                + metric(metrics, "tinyllm_requests_cancelled_total")
                + metric(metrics, "tinyllm_requests_refused_total")
                + metric(metrics, "tinyllm_requests_failed_total");
    }

    @Test
    void streamsTheSameTextAsItAnswers() throws Exception {
        try (ApiServer server = server(EngineOptions.standard());
                Wire wire = Wire.open(server.port())) {
            String whole = wire.send(post("the sky", 12, false)).answer().body();
            assertThat(whole).isNotEmpty();
            wire.send(post("the sky", 12, true));
            assertThat(wire.head()).startsWith("HTTP/1.1 200");
            StringBuilder streamed = new StringBuilder();
            String[] frames = wire.chunks().split("\n\n");
            for (String frame : frames) {
                streamed.append(frame.replaceAll("(?m)^data: ", ""));
            }
            assertThat(streamed.toString()).isEqualTo(whole + "[DONE]");
            String metrics = settled(server);
            assertThat(metric(metrics, "tinyllm_requests_finished_total")).isEqualTo(2);
            assertThat(metric(metrics, "tinyllm_generated_tokens_total")).isEqualTo(24);
            String twice = "tinyllm_http_answers_seconds_count{route=\"/v1/text\",status=\"200\"} 2";
            // a client may read its answer before it is counted
            for (int i = 0; i < 200 && !metrics.contains(twice); i++) {
                TimeUnit.MILLISECONDS.sleep(20);
                metrics = get(server, "/metrics").body();
            }
            assertThat(metrics).contains(twice);
        }
    }

    @Test
    void saysHowItIs() throws Exception {
        try (ApiServer server = server(EngineOptions.standard())) {
            assertThat(get(server, "/health").body()).isEqualTo("{\"status\":\"ok\"}");
            assertThat(get(server, "/ready").status()).isEqualTo(200);
            assertThat(get(server, "/metrics").header("Content-Type")).startsWith("text/plain; version=0.0.4");
            assertThat(metric(get(server, "/metrics").body(), "tinyllm_http_connections"))
                    .isPositive();
        }
    }

    @Test
    void thePageComesFromTheJarAlone() throws Exception {
        try (ApiServer server = server(EngineOptions.standard())) {
            for (String path : List.of("/", "/page.js", "/page.css")) {
                Wire.Answer file = get(server, path);
                assertThat(file.status()).isEqualTo(200);
                assertThat(file.body()).isNotEmpty().doesNotContain("http://", "https://", "innerHTML");
                assertThat(file.header("Content-Security-Policy")).contains("default-src 'none'");
            }
            try (Wire wire = Wire.open(server.port()).send(Wire.get("/live"));
                    InputStream in = wire.socket().getInputStream()) {
                assertThat(wire.head()).contains("text/event-stream");
                assertThat(new String(in.readNBytes(120), UTF_8))
                        .contains("data: {\"state\":\"serving\"", "\"running\":0");
            }
        }
    }

    @Test
    void onlyHealthNeedsNoKey() throws Exception {
        HttpSettings settings = HttpSettings.loopback(0).apiKey(ApiKey.of("a-secret-key"));
        try (ApiServer server =
                ApiServer.start(model, EngineOptions.standard(), settings, new OpenAiProtocol("tiny", model))) {
            List<Routes.Route> all = server.routes().all();
            assertThat(all).extracting(Routes.Route::path).contains("/", "/live", "/v1/responses", "/v1/models/tiny");
            for (Routes.Route route : all) {
                boolean posts = route.method().equals("POST");
                try (Wire wire = Wire.open(server.port())) {
                    wire.send(posts ? Wire.post(route.path(), "{}") : Wire.get(route.path()));
                    assertThat(wire.answer().status())
                            .as(route.path())
                            .isEqualTo(route.path().equals("/health") ? 200 : 401);
                }
            }
        }
    }

    @Test
    void anEngineThatHangsIsNotHealthyUntilItRunsAgain() throws Exception {
        AtomicBoolean hangs = new AtomicBoolean();
        EngineOptions options = EngineOptions.standard()
                .withStepLimit(Duration.ofMillis(100))
                .with(step -> {
                    while (hangs.get()) {
                        LockSupport.parkNanos(1_000_000);
                    }
                });
        try (ApiServer server = server(options);
                Wire one = Wire.open(server.port());
                Wire two = Wire.open(server.port())) {
            assertThat(one.send(post("warm", 2, false)).answer().status()).isEqualTo(200);
            hangs.set(true);
            one.send(post("hello", 20, false));
            for (int i = 0; i < 200 && server.engine().health().serves(); i++) {
                TimeUnit.MILLISECONDS.sleep(10);
            }
            assertThat(get(server, "/health").status()).isEqualTo(503);
            Wire.Answer refused = two.send(post("hello", 2, false)).answer();
            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.header("Retry-After")).isNotEmpty();
            hangs.set(false);
            one.answer(); // of whatever class: nobody waits for ever
            for (int i = 0; i < 500 && !server.engine().health().serves(); i++) {
                TimeUnit.MILLISECONDS.sleep(10);
            }
            assertThat(two.send(post("hello", 2, false)).answer().status()).isEqualTo(200);
            settled(server);
        }
    }

    @Test
    void anEngineThatBeginsAnewSaysWhyInTheLog() throws Exception {
        AtomicBoolean fails = new AtomicBoolean();
        SchedulerStep scheduler = EngineOptions.standard().scheduler();
        EngineOptions options = EngineOptions.standard().with((SchedulerStep) (state, policy) -> {
            if (fails.getAndSet(false)) {
                throw new IllegalStateException("a plan went wrong");
            }
            return scheduler.plan(state, policy);
        });
        try (ApiServer server = server(options);
                Wire wire = Wire.open(server.port());
                Said said = new Said()) {
            fails.set(true);
            assertThat(wire.send(post("hello", 2, false)).answer().status()).isEqualTo(500);
            assertThat(said.after("began anew")).contains("ERROR", "began anew", "a plan went wrong");
            assertThat(wire.send(post("hello", 2, false)).answer().status()).isEqualTo(200);
        }
    }

    @Test
    void textsGoIntoTheLogAsOneLine() {
        assertThat(BodyLog.line("a\nb\u001b[1m\u2028c é")).isEqualTo("a\\u000ab\\u001b[1m\\u2028c é");
        assertThat(BodyLog.line("x".repeat(5000))).hasSizeLessThan(4100).endsWith("(5000 characters)");
    }

    /** Clients that leave at random moments, by closing or by a reset, streaming or not, beside one whose text must not change. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void clientsThatLeaveLeaveNothingBehind(long seed) throws Exception {
        int clients = LONG ? 1000 : 40;
        Random random = new Random(seed);
        EngineOptions options =
                EngineOptions.standard().with(SchedulerPolicy.standard().withMaxRunning(4));
        try (ApiServer server = server(slowly(options));
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
                Wire neighbour = Wire.open(server.port())) {
            String alone =
                    neighbour.send(post("a neighbour", 40, false)).answer().body();
            List<Future<?>> leaving = new ArrayList<>();
            for (int i = 0; i < clients; i++) {
                boolean stream = random.nextBoolean();
                boolean reset = random.nextBoolean();
                int micros = random.nextInt(60_000);
                leaving.add(threads.submit(() -> leave(server.port(), stream, reset, micros)));
                if (i % 20 == 10) {
                    assertThat(neighbour
                                    .send(post("a neighbour", 40, false))
                                    .answer()
                                    .body())
                            .isEqualTo(alone);
                }
            }
            for (Future<?> one : leaving) {
                one.get();
            }
            String metrics = settled(server);
            assertThat(metric(metrics, "tinyllm_requests_cancelled_total")).isPositive();
            assertThat(metric(metrics, "tinyllm_requests_failed_total")).isZero();
            assertThat(neighbour.send(post("a neighbour", 40, false)).answer().body())
                    .isEqualTo(alone);
        }
    }

    private static Object leave(int port, boolean stream, boolean reset, int micros) throws Exception {
        try (Wire wire = Wire.open(port)) {
            wire.send(post("words that nobody will read", 200, stream));
            TimeUnit.MICROSECONDS.sleep(micros);
            if (reset) {
                wire.reset();
            }
        }
        return port;
    }

    @Test
    void aFullQueueRefusesAtOnceAndTheTakenOnesFinish() throws Exception {
        int most = 64;
        int clients = LONG ? 2500 : 200;
        int rounds = LONG ? 4 : 1;
        EngineOptions options = EngineOptions.standard()
                .with(QueueBounds.standard().withRequests(most))
                .with(SchedulerPolicy.standard().withMaxRunning(2));
        try (ApiServer server = server(slowly(options));
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<List<Wire.Answer>>> answers = new ArrayList<>();
            for (int i = 0; i < clients; i++) {
                answers.add(threads.submit(() -> ask(server.port(), rounds)));
            }
            int taken = 0;
            for (Future<List<Wire.Answer>> future : answers) {
                for (Wire.Answer answer : future.get()) {
                    assertThat(answer.status()).isIn(200, 429);
                    if (answer.status() == 429) {
                        assertThat(answer.header("Retry-After")).isEqualTo("1");
                        assertThat(answer.body()).contains("rate_limit_error", "queue_full");
                    } else {
                        taken++;
                    }
                }
            }
            assertThat(taken).isGreaterThanOrEqualTo(most).isLessThan(clients * rounds);
            String metrics = settled(server);
            assertThat(metric(metrics, "tinyllm_requests_finished_total")).isEqualTo(taken);
            assertThat(metric(metrics, "tinyllm_requests_refused_total")).isEqualTo(clients * rounds - taken);
        }
    }

    /** So many requests, one after the other, each on a connection of its own: all at once there are no more than the server allows. */
    private static List<Wire.Answer> ask(int port, int rounds) throws IOException {
        List<Wire.Answer> answers = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
            try (Wire wire = Wire.open(port)) {
                wire.socket().setSoTimeout(60_000);
                answers.add(wire.send(post("hello", LONG ? 4 : 20, false)).answer());
            }
        }
        return answers;
    }

    @Test
    void drainingLetsRequestsEndAndTakesNoMore() throws Exception {
        ApiServer server = server(slowly(EngineOptions.standard()));
        try (Wire running = Wire.open(server.port()).send(post("long", 200, true));
                Wire idle = Wire.open(server.port())) {
            assertThat(running.head()).startsWith("HTTP/1.1 200");
            AtomicReference<String> text = new AtomicReference<>();
            Thread reader = Thread.ofVirtual().start(() -> {
                try {
                    text.set(running.chunks());
                } catch (IOException e) {
                    text.set("cut");
                }
            });
            Thread closing = Thread.ofVirtual().start(() -> server.close(Duration.ofSeconds(60)));
            TimeUnit.MILLISECONDS.sleep(50);
            Wire.Answer refused = idle.send(post("late", 10, false)).answer();
            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.header("Retry-After")).isNotEmpty();
            assertThat(idle.send(Wire.get("/ready")).answer().status()).isEqualTo(503);
            reader.join();
            closing.join();
            assertThat(text.get()).endsWith("data: [DONE]\n\n");
        }
    }

    @Test
    void drainingEndsInTime() throws Exception {
        ApiServer server = server(slowly(EngineOptions.standard()));
        try (Wire running = Wire.open(server.port()).send(post("long", 240, true))) {
            assertThat(running.head()).startsWith("HTTP/1.1 200");
            long began = System.nanoTime();
            server.close(Duration.ofMillis(200));
            assertThat((System.nanoTime() - began) / 1e9).isLessThan(5);
            assertThat(running.closes()).isTrue();
        }
        assertThat(Objects.requireNonNull(server.engine().health().state().name()))
                .isEqualTo("CLOSED");
    }
}
