package tinyllm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tinyllm.load.Lengths;
import tinyllm.load.Load;
import tinyllm.load.LoadReport;
import tinyllm.load.TraceGenerator;
import tinyllm.server.http.Wire;
import tinyllm.server.openai.Tiny;

/** Crowds, large bodies and a mix of everything, on the server as its users start it. */
@Tag("slow")
@Timeout(1800)
class ServeUnderLoadTest {

    private static final boolean LONG = Boolean.getBoolean("tinyllm.long");
    private static final String GOOD = "{\"model\":\"tiny\",\"prompt\":\"hello\",\"max_tokens\":4}";

    @TempDir
    static Path folder;

    private static @Nullable Serving serving;

    /** One server for all: what one test leaves behind, the next would stumble over. */
    @BeforeAll
    static void serve() throws IOException {
        Path model = Tiny.folder(folder.resolve("tiny"));
        String[] options = {"--model", model.toString(), "--threads", "1", "--max-queue", "8", "--max-running", "4"};
        String[] more = {"--cache-tokens", "12288", "--max-body", Integer.toString(16 << 20)};
        List<String> all = new ArrayList<>(List.of(options));
        all.addAll(List.of(more));
        serving = new Serving(folder.resolve("log"), all.toArray(String[]::new));
    }

    @AfterAll
    static void close() throws IOException {
        server().close();
    }

    private static Serving server() {
        return Objects.requireNonNull(serving);
    }

    private static int good(Serving server) throws IOException {
        try (Wire wire = Wire.open(server.port)) {
            return wire.send(Wire.post("/v1/completions", GOOD)).answer().status();
        }
    }

    private static void load(Serving server, int requests) throws Exception {
        LoadReport report = Load.on(server.url())
                .field("ignore_eos", true)
                .closed(8, TraceGenerator.atOnce(1, Lengths.fixed(12), Lengths.fixed(12)), requests);
        assertThat(report.outcomes()).isEqualTo(Map.of("200", (long) requests));
    }

    /** Half of the connections have never asked anything, half have, and stay for more. */
    @Test
    void aThousandIdleConnectionsCostLittle() throws Exception {
        List<Wire> idle = new ArrayList<>();
        Serving server = server();
        try {
            load(server, LONG ? 400 : 80);
            long before = server.bytes();
            for (int i = 0; i < 1000; i++) {
                Wire wire = Wire.open(server.port);
                idle.add(wire);
                if (i % 2 == 0) {
                    assertThat(wire.send(Wire.get("/health")).answer().status()).isEqualTo(200);
                }
            }
            load(server, LONG ? 400 : 80);
            assertThat(Serving.metric(server.metrics(), "tinyllm_http_connections"))
                    .isGreaterThanOrEqualTo(1000);
            assertThat(server.bytes() - before)
                    .as("bytes that 1,000 idle connections and 8 active ones hold more")
                    .isLessThan(64L << 20);
            for (Wire wire : idle.subList(0, 20)) {
                assertThat(wire.send(Wire.post("/v1/completions", GOOD))
                                .answer()
                                .status())
                        .isEqualTo(200);
            }
        } finally {
            for (Wire wire : idle) {
                wire.close();
            }
        }
    }

    /** 10 MB, where they may be read, are refused before they are tokens, and nobody else waits for that. */
    @Test
    void aPromptOfTenMegabytes() throws Exception {
        String prompt = "{\"model\":\"tiny\",\"max_tokens\":4,\"prompt\":\"" + "many words ".repeat(950_000) + "\"}";
        Serving server = server();
        try (Wire wire = Wire.open(server.port)) {
            wire.socket().setSoTimeout(30_000);
            Thread other = Thread.ofVirtual().start(() -> wire.trySend(Wire.post("/v1/completions", prompt)));
            assertThat(good(server)).isEqualTo(200);
            Wire.Answer answer = wire.answer();
            assertThat(answer.status()).isIn(400, 413, 429);
            assertThat(answer.body()).contains("\"error\"");
            other.join();
            assertThat(good(server)).isEqualTo(200);
            assertThat(server.requests("failed")).isZero();
        }
    }

    /** Good requests of every kind, wrong ones, and clients that leave: memory stays, and every request is in one of the counts. */
    @Test
    void aMixOfEverything() throws Exception {
        Duration length = LONG ? Duration.ofMinutes(20) : Duration.ofSeconds(60);
        Map<String, Long> outcomes = new ConcurrentHashMap<>();
        Serving server = server();
        long until = System.nanoTime() + length.toNanos();
        List<MixedClient> clients = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            clients.add(new MixedClient(i, server.port, outcomes));
        }
        clients.forEach(MixedClient::start);
        TimeUnit.NANOSECONDS.sleep(length.toNanos() / 3);
        long early = server.bytes();
        while (System.nanoTime() - until < 0) {
            TimeUnit.MILLISECONDS.sleep(200);
            assertThat(clients).allSatisfy(client -> assertThat(client.wrong()).isNull());
        }
        long late = server.bytes();
        clients.forEach(MixedClient::stop);
        for (MixedClient client : clients) {
            client.join();
            assertThat(client.wrong()).isNull();
        }
        assertThat(late - early).as("bytes that %s more of load hold", length).isLessThan(32L << 20);
        settled(server, outcomes);
    }

    private static void settled(Serving server, Map<String, Long> outcomes) throws Exception {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (System.nanoTime() - until < 0 && (held(server) > 0 || unaccounted(server) != 0)) {
            TimeUnit.MILLISECONDS.sleep(50);
        }
        assertThat(unaccounted(server))
                .as("requests in no count: %s", server.metrics())
                .isZero();
        assertThat(held(server))
                .as("pages, connections and requests that are left")
                .isZero();
        assertThat(server.requests("failed")).isZero();
        assertThat(outcomes).containsKeys("200", "400", "404", "429", "left");
        assertThat(outcomes.keySet()).isSubsetOf("200", "400", "404", "405", "413", "415", "429", "left");
        assertThat(server.requests("cancelled")).isPositive();
        assertThat(good(server)).isEqualTo(200);
    }

    private static long unaccounted(Serving server) throws IOException {
        Map<String, Double> now = server.metrics();
        double left = Serving.metric(now, "tinyllm_requests_submitted_total");
        for (String end : List.of("finished", "cancelled", "refused", "failed")) {
            left -= Serving.metric(now, "tinyllm_requests_" + end + "_total");
        }
        return (long) left;
    }

    /** Beside the connection that asks. */
    private static long held(Serving server) throws IOException {
        Map<String, Double> now = server.metrics();
        return (long) (Serving.metric(now, "tinyllm_pages{state=\"used\"}")
                + Serving.metric(now, "tinyllm_requests_running")
                + Serving.metric(now, "tinyllm_requests_waiting")
                + Math.max(0, Serving.metric(now, "tinyllm_http_connections") - 2));
    }
}
