package tinyllm.server.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What clients do to a server that did nothing to them: come slowly, leave early, come in crowds. */
class ClientsTest {

    private static final Duration SHORT = Duration.ofMillis(400);
    private static final boolean LONG = Boolean.getBoolean("tinyllm.long");

    private static final Handler HELLO = e -> e.answer(200, "text/plain", "hello".getBytes(UTF_8));

    private static HttpServer server(HttpLimits limits, Routes routes) throws IOException {
        return HttpServer.start(HttpSettings.loopback(0).limits(limits), routes);
    }

    private static HttpLimits quick() {
        return HttpLimits.STANDARD.times(SHORT, SHORT, SHORT);
    }

    @Test
    void oneConnectionTakesOneRequestAfterTheOther() throws IOException {
        try (HttpServer server = server(HttpLimits.STANDARD, Routes.none().get("/hello", HELLO));
                Wire wire = Wire.open(server.port())) {
            wire.send(Wire.get("/hello", "X-Request-Id: mine.1")
                    + Wire.get("/hello", "X-Request-Id: a b")
                    + Wire.get("/nothing"));
            assertThat(wire.answer().header("X-Request-Id")).isEqualTo("mine.1");
            assertThat(wire.answer().header("X-Request-Id")).startsWith("req-");
            assertThat(wire.answer().status()).isEqualTo(404);
            assertThat(wire.send(Wire.get("/hello")).answer().body()).isEqualTo("hello");
            assertThat(server.connections()).isEqualTo(1);
        }
    }

    @Test
    void aClientThatAsksFirstMaySendItsBody() throws IOException {
        Routes routes = Routes.none().post("/echo", e -> e.answer(200, "application/json", e.body()));
        try (HttpServer server = server(HttpLimits.STANDARD.bodies(10, 1000), routes);
                Wire wire = Wire.open(server.port())) {
            String head = "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    + "Expect: 100-continue\r\nContent-Length: ";
            wire.send(head + "2\r\n\r\n");
            assertThat(wire.head()).startsWith("HTTP/1.1 100");
            assertThat(wire.send("{}").answer().body()).isEqualTo("{}");
            assertThat(wire.send(head + "11\r\n\r\n").answer().status()).isEqualTo(413);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"header", "body"})
    void aByteNowAndThenIsCutAtATotalTime(String part) throws Exception {
        Routes routes = Routes.none().post("/echo", HELLO);
        String head = part.equals("header")
                ? ""
                : Wire.post("/echo", "x".repeat(1000)).replaceAll("x+$", "");
        try (HttpServer server = server(quick(), routes);
                Wire wire = Wire.open(server.port())) {
            long began = System.nanoTime();
            wire.send(head);
            CompletableFuture<Wire.Answer> answer = CompletableFuture.supplyAsync(() -> {
                try {
                    return wire.answer();
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            while (!answer.isDone() && wire.trySend("x")) {
                TimeUnit.MILLISECONDS.sleep(50);
            }
            assertThat(answer.get(5, TimeUnit.SECONDS).status()).isEqualTo(408);
            assertThat(Duration.ofNanos(System.nanoTime() - began)).isBetween(SHORT, SHORT.multipliedBy(4));
            assertThat(wire.closes()).isTrue();
        }
    }

    @Test
    void anIdleConnectionIsClosed() throws Exception {
        try (HttpServer server = server(quick(), Routes.none().get("/hello", HELLO));
                Wire fresh = Wire.open(server.port());
                Wire used = Wire.open(server.port())) {
            used.send(Wire.get("/hello")).answer();
            assertThat(fresh.closes()).isTrue();
            assertThat(used.closes()).isTrue();
        }
    }

    /** Half of them send one byte of a header now and then, half one of a body. */
    @Test
    void slowClientsHoldUpNobody() throws Exception {
        int slow = LONG ? 500 : 50;
        Routes routes = Routes.none().get("/hello", HELLO).post("/echo", HELLO);
        List<Wire> wires = new ArrayList<>();
        try (HttpServer server = server(quick(), routes)) {
            for (int i = 0; i < 2 * slow; i++) {
                Wire wire = Wire.open(server.port());
                wires.add(wire.send(
                        i % 2 == 0
                                ? "GET /he"
                                : Wire.post("/echo", "x".repeat(9)).replaceAll("x+$", "x")));
            }
            for (int i = 0; i < 100; i++) {
                try (Wire wire = Wire.open(server.port())) {
                    assertThat(wire.send(Wire.get("/hello")).answer().status()).isEqualTo(200);
                }
            }
            for (Wire wire : wires) {
                assertThat(wire.answer().status()).isEqualTo(408);
            }
            assertThat(server.bodies().held()).isZero();
        } finally {
            for (Wire wire : wires) {
                wire.close();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aHandlerThatWritesNothingHearsThatItsClientIsGone(boolean reset) throws Exception {
        CountDownLatch working = new CountDownLatch(1);
        CountDownLatch gone = new CountDownLatch(1);
        CountDownLatch late = new CountDownLatch(1);
        CompletableFuture<Boolean> seen = new CompletableFuture<>();
        Routes routes = Routes.none().post("/work", e -> {
            e.onGone(gone::countDown);
            working.countDown();
            boolean heard = gone.await(2, TimeUnit.SECONDS);
            e.onGone(late::countDown);
            seen.complete(heard && e.gone());
            e.answer(200, "text/plain", new byte[0]);
        });
        try (HttpServer server = server(HttpLimits.STANDARD, routes)) {
            Wire wire = Wire.open(server.port()).send(Wire.post("/work", "{}"));
            assertThat(working.await(5, TimeUnit.SECONDS)).isTrue();
            if (reset) {
                wire.reset();
            } else {
                wire.close();
            }
            assertThat(seen.get(5, TimeUnit.SECONDS)).isTrue();
            assertThat(late.await(1, TimeUnit.SECONDS)).as("asked afterwards").isTrue();
            assertThat(server.answering()).isZero();
            assertThat(server.bodies().held()).isZero();
        }
    }

    @Test
    void nobodyIsGoneAfterAnAnswer() throws Exception {
        AtomicInteger gone = new AtomicInteger();
        Routes routes = Routes.none().get("/hello", e -> {
            e.onGone(gone::incrementAndGet);
            HELLO.handle(e);
        });
        try (HttpServer server = server(HttpLimits.STANDARD, routes)) {
            for (int i = 0; i < 20; i++) {
                try (Wire wire = Wire.open(server.port())) {
                    wire.send(Wire.get("/hello")).answer();
                }
            }
        }
        assertThat(gone).hasValue(0);
    }

    @Test
    void moreConnectionsThanAllowedAreClosedAtOnce() throws Exception {
        int most = LONG ? 2000 : 100;
        List<Wire> wires = new ArrayList<>();
        try (HttpServer server =
                server(HttpLimits.STANDARD.connections(most), Routes.none().get("/hello", HELLO))) {
            for (int i = 0; i < most; i++) {
                wires.add(Wire.open(server.port()));
            }
            while (server.connections() < most) {
                Thread.onSpinWait();
            }
            try (Wire one = Wire.open(server.port())) {
                assertThat(one.closes()).isTrue();
            }
            assertThat(wires.getFirst().send(Wire.get("/hello")).answer().status())
                    .isEqualTo(200);
            wires.removeLast().close();
            while (server.connections() >= most) {
                Thread.onSpinWait();
            }
            try (Wire one = Wire.open(server.port())) {
                assertThat(one.send(Wire.get("/hello")).answer().status()).isEqualTo(200);
            }
        } finally {
            for (Wire wire : wires) {
                wire.close();
            }
        }
    }

    @Test
    void failuresSayNothingOfTheInside() throws Exception {
        Routes routes = Routes.none()
                .get("/throws", e -> {
                    throw new IllegalStateException("secret of /root/key");
                })
                .get("/error", e -> {
                    throw new StackOverflowError("secret");
                })
                .get("/silent", e -> {})
                .get("/twice", e -> {
                    HELLO.handle(e);
                    HELLO.handle(e);
                })
                .get("/header", e -> e.answer(200, "text/plain", new byte[0], new Header("X-A", "b\r\nX-Cut: d")))
                .get("/refuses", e -> {
                    throw new HttpException(429, "the queue is full").retryAfter(3);
                });
        try (HttpServer server = server(HttpLimits.STANDARD, routes);
                Wire wire = Wire.open(server.port())) {
            for (String path : List.of("/throws", "/error", "/silent", "/header")) {
                Wire.Answer answer = wire.send(Wire.get(path)).answer();
                assertThat(answer.status()).isEqualTo(500);
                assertThat(answer.head() + answer.body()).doesNotContain("secret", "X-Cut");
            }
            assertThat(wire.send(Wire.get("/twice")).answer().body()).isEqualTo("hello");
            Wire.Answer refused = wire.send(Wire.get("/refuses")).answer();
            assertThat(refused.status()).isEqualTo(429);
            assertThat(refused.header("Retry-After")).isEqualTo("3");
        }
    }

    @Test
    void closingWaitsForAnswersButNotForEver() throws Exception {
        CountDownLatch working = new CountDownLatch(2);
        CountDownLatch gone = new CountDownLatch(1);
        Routes routes = Routes.none()
                .get("/soon", e -> {
                    working.countDown();
                    TimeUnit.MILLISECONDS.sleep(300);
                    HELLO.handle(e);
                })
                .get("/never", e -> {
                    e.onGone(gone::countDown);
                    working.countDown();
                    gone.await(20, TimeUnit.SECONDS);
                });
        HttpServer server = server(HttpLimits.STANDARD, routes);
        try (Wire soon = Wire.open(server.port()).send(Wire.get("/soon"));
                Wire never = Wire.open(server.port()).send(Wire.get("/never"));
                Wire idle = Wire.open(server.port())) {
            assertThat(working.await(5, TimeUnit.SECONDS)).isTrue();
            long began = System.nanoTime();
            server.close(Duration.ofSeconds(1));
            assertThat((System.nanoTime() - began) / 1e9).isBetween(0.9, 6.0);
            assertThat(soon.answer().body()).isEqualTo("hello");
            assertThat(never.closes()).isTrue();
            assertThat(idle.closes()).isTrue();
            assertThat(gone.await(1, TimeUnit.SECONDS)).isTrue();
        }
    }
}
