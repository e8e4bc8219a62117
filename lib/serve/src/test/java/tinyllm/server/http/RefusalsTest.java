package tinyllm.server.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tinyllm.server.Said;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What no handler ever sees, and the answer to each. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RefusalsTest {

    private static final String HOST = "Host: localhost\r\n";
    private static final String JSON = "Content-Type: application/json\r\n";
    private static final String POST = "POST /echo HTTP/1.1\r\n" + HOST + JSON;

    private final AtomicInteger handled = new AtomicInteger();
    private HttpServer server;

    @BeforeAll
    void start() throws IOException {
        Routes routes = Routes.none()
                .get("/hello", e -> {
                    handled.incrementAndGet();
                    e.answer(200, "text/plain", "hello".getBytes(UTF_8));
                })
                .post("/echo", e -> {
                    handled.incrementAndGet();
                    e.answer(200, "application/octet-stream", e.body());
                });
        HttpLimits limits = HttpLimits.STANDARD.bodies(1000, 100_000);
        server = HttpServer.start(HttpSettings.loopback(0).limits(limits), routes);
    }

    @AfterAll
    void stop() {
        server.close();
    }

    static Stream<Arguments> requests() {
        return Stream.of(
                arguments("no host", 400, "GET /hello HTTP/1.1\r\n\r\n"),
                arguments("two hosts", 400, "GET /hello HTTP/1.1\r\n" + HOST + HOST + "\r\n"),
                arguments("another's name", 403, "GET /hello HTTP/1.1\r\nHost: evil.com\r\n\r\n"),
                arguments(
                        "a name that begins like ours", 403, "GET /hello HTTP/1.1\r\nHost: localhost.evil.com\r\n\r\n"),
                arguments("a page of another origin", 403, Wire.get("/hello", "Origin: https://evil.com")),
                arguments("a page without an origin", 403, Wire.get("/hello", "Origin: null")),
                arguments(
                        "a preflight",
                        403,
                        "OPTIONS /echo HTTP/1.1\r\n" + HOST
                                + "Origin: https://evil.com\r\nAccess-Control-Request-Method: POST\r\n\r\n"),
                arguments("an unknown path", 404, Wire.get("/nothing")),
                arguments("two slashes", 404, Wire.get("//hello")),
                arguments("dots", 404, Wire.get("/x/../hello")),
                arguments("an encoded slash", 404, Wire.get("/%2fhello")),
                arguments("an encoded letter", 404, Wire.get("/hell%6f")),
                arguments("a whole address", 404, Wire.get("http://localhost/hello")),
                arguments("another method", 405, "DELETE /hello HTTP/1.1\r\n" + HOST + "\r\n"),
                arguments("TRACE", 405, "TRACE /hello HTTP/1.1\r\n" + HOST + "\r\n"),
                arguments("OPTIONS", 405, "OPTIONS /hello HTTP/1.1\r\n" + HOST + "\r\n"),
                arguments("GET where only POST is", 405, Wire.get("/echo", "X-HTTP-Method-Override: POST")),
                arguments("no content type", 415, "POST /echo HTTP/1.1\r\n" + HOST + "Content-Length: 2\r\n\r\n{}"),
                arguments(
                        "a form's content type",
                        415,
                        "POST /echo HTTP/1.1\r\n" + HOST + "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}"),
                arguments("a packed body", 415, POST + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"),
                arguments("length and chunks", 400, POST + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}"),
                arguments("two lengths", 400, POST + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
                arguments("a negative length", 400, POST + "Content-Length: -1\r\n\r\n{}"),
                arguments("a length beyond 63 bits", 400, POST + "Content-Length: 9223372036854775808\r\n\r\n{}"),
                arguments("a length that is none", 400, POST + "Content-Length: two\r\n\r\n{}"),
                arguments("an unknown coding", 400, POST + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
                arguments("a chunk size that is none", 400, POST + "Transfer-Encoding: chunked\r\n\r\nZZ\r\n"),
                arguments("a negative chunk", 400, POST + "Transfer-Encoding: chunked\r\n\r\n-1\r\n"),
                arguments("a chunk of 2^64", 400, POST + "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n"),
                arguments("one byte too many", 413, POST + "Content-Length: 1001\r\n\r\n"),
                arguments(
                        "one byte too many, in chunks",
                        413,
                        POST + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n" + "x".repeat(1001) + "\r\n0\r\n\r\n"),
                arguments(
                        "a body where none belongs",
                        413,
                        "GET /hello HTTP/1.1\r\n" + HOST + "Content-Length: 2\r\n\r\n{}"),
                arguments("a long line", 414, Wire.get("/" + "x".repeat(20_000))),
                arguments("a large header", 431, Wire.get("/hello", "X: " + "x".repeat(1 << 20))),
                arguments("10,000 headers", 431, Wire.get("/hello", "X: y\r\n".repeat(10_000) + "X: y")),
                arguments("a header without a name", 400, Wire.get("/hello", ": x")),
                arguments("a blank before the colon", 400, Wire.get("/hello", "X : y")),
                arguments("a zero byte", 400, Wire.get("/hello", "X: a\0b")),
                arguments("no HTTP at all", 400, "hello\r\n\r\n"));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("requests")
    void answersWithTheRightClassAndGoesOn(String name, int status, String request) throws IOException {
        int before = handled.get();
        try (Wire wire = Wire.open(server.port())) {
            wire.trySend(request);
            Wire.Answer answer = wire.answer();
            assertThat(answer.status()).isEqualTo(status);
            JsonNode error = JsonMapper.shared().readTree(answer.body()).get("error");
            assertThat(error.get("message").asString()).isNotBlank().doesNotContain("Exception", "tinyllm.", "/root");
            assertThat(error.propertyNames()).containsExactly("message", "type", "param", "code");
            assertThat(answer.header("X-Request-Id")).isNotEmpty();
        }
        assertThat(handled.get()).as("no handler saw it").isEqualTo(before);
        try (Wire wire = Wire.open(server.port())) {
            assertThat(wire.send(Wire.get("/hello")).answer().body()).isEqualTo("hello");
        }
    }

    @Test
    void aLargestBodyIsTaken() throws IOException {
        String body = "x".repeat(1000);
        try (Wire wire = Wire.open(server.port())) {
            assertThat(wire.send(Wire.post("/echo", body)).answer().body()).isEqualTo(body);
            wire.send(POST + "Transfer-Encoding: chunked\r\n\r\n" + "1\r\nx\r\n".repeat(1000) + "0\r\n\r\n");
            assertThat(wire.answer().body()).isEqualTo(body);
        }
        while (server.answering() > 0) { // the client may read the answer before the server knows that it was written
            Thread.onSpinWait();
        }
        assertThat(server.bodies().held()).isZero();
    }

    @Test
    void saysWhichMethodsAPathTakes() throws IOException {
        try (Wire wire = Wire.open(server.port())) {
            assertThat(wire.send("PUT /hello HTTP/1.1\r\n" + HOST + "\r\n")
                            .answer()
                            .header("Allow"))
                    .isEqualTo("GET, HEAD");
            wire.send("HEAD /hello HTTP/1.1\r\n" + HOST + "\r\n");
            assertThat(wire.head()).startsWith("HTTP/1.1 200").containsIgnoringCase("content-length: 5");
            assertThat(wire.send(Wire.get("/hello")).answer().body())
                    .as("the next answer")
                    .isEqualTo("hello");
        }
    }

    @Test
    void bodiesOfAllTogetherAreBounded() throws IOException {
        HttpLimits limits = HttpLimits.STANDARD.bodies(1000, 1500);
        Routes routes = Routes.none().post("/echo", e -> e.answer(200, "application/json", e.body()));
        try (HttpServer small = HttpServer.start(HttpSettings.loopback(0).limits(limits), routes);
                Wire first = Wire.open(small.port());
                Wire second = Wire.open(small.port())) {
            first.send(POST + "Content-Length: 1000\r\n\r\n" + "x".repeat(999));
            while (small.bodies().held() < 999) {
                Thread.onSpinWait();
            }
            Wire.Answer refused =
                    second.send(Wire.post("/echo", "x".repeat(1000))).answer();
            assertThat(refused.status()).isEqualTo(429);
            assertThat(refused.header("Retry-After")).isEqualTo("1");
            assertThat(first.send("x").answer().status()).isEqualTo(200);
        }
    }

    /** Whoever looks for a client's trouble looks for its request's id. */
    @Test
    void aClientThatSendsTooMuchAtOnceIsNamedInTheLog() throws Exception {
        CountDownLatch sent = new CountDownLatch(1);
        Routes routes = Routes.none().get("/slow", e -> sent.await());
        try (HttpServer slow = HttpServer.start(HttpSettings.loopback(0), routes);
                Said said = new Said();
                Wire wire = Wire.open(slow.port())) {
            wire.trySend(Wire.get("/slow", "X-Request-Id: a-hasty-one"));
            while (slow.answering() == 0) {
                Thread.onSpinWait();
            }
            wire.trySend(Wire.get("/slow").repeat(100));
            assertThat(wire.closes()).isTrue();
            assertThat(said.after("cut").lines().filter(line -> line.contains("is kept: cut")))
                    .singleElement()
                    .asString()
                    .contains("a-hasty-one");
        } finally {
            sent.countDown();
        }
    }

    @Nested
    class WithAKey {

        private static final String KEY = "a-secret-key-of-the-test";

        @Test
        void everyRouteButTheOpenOneAsksForIt() throws IOException {
            Routes routes = Routes.none()
                    .get("/closed", e -> e.answer(200, "text/plain", new byte[0]))
                    .post("/v1/closed", e -> e.answer(200, "text/plain", new byte[0]))
                    .open("/health", e -> e.answer(200, "text/plain", new byte[0]));
            HttpSettings settings = HttpSettings.loopback(0).apiKey(ApiKey.of(KEY));
            try (HttpServer guarded = HttpServer.start(settings, routes)) {
                for (Routes.Route route : routes.all()) {
                    int without = route.open() ? 200 : 401;
                    assertThat(status(guarded, route)).isEqualTo(without);
                    for (String wrong : List.of("", "a", KEY + "x", KEY.substring(1), "x".repeat(10_000))) {
                        assertThat(status(guarded, route, "Authorization: Bearer " + wrong))
                                .isEqualTo(without);
                    }
                    assertThat(status(guarded, route, "Authorization: Bearer " + KEY))
                            .isEqualTo(200);
                }
                try (Wire wire = Wire.open(guarded.port())) {
                    assertThat(wire.send(Wire.get("/closed?api_key=" + KEY))
                                    .answer()
                                    .status())
                            .isEqualTo(401);
                    assertThat(wire.send(Wire.get("/nothing")).answer().status())
                            .isEqualTo(401);
                }
            }
        }

        private int status(HttpServer guarded, Routes.Route route, String... headers) throws IOException {
            try (Wire wire = Wire.open(guarded.port())) {
                String request = route.method().equals("GET")
                        ? Wire.get(route.path(), headers)
                        : Wire.post(route.path(), "{}", headers);
                return wire.send(request).answer().status();
            }
        }
    }

    @Nested
    class WithAnAllowedOrigin {

        @Test
        void itsPagesAreAnswered() throws IOException {
            HttpSettings settings = HttpSettings.loopback(0).origins(List.of("https://good.example"));
            Routes routes = Routes.none().post("/echo", e -> e.answer(200, "application/json", e.body()));
            try (HttpServer open = HttpServer.start(settings, routes);
                    Wire wire = Wire.open(open.port())) {
                Wire.Answer preflight = wire.send("OPTIONS /echo HTTP/1.1\r\n" + HOST
                                + "Origin: https://good.example\r\nAccess-Control-Request-Method: POST\r\n\r\n")
                        .answer();
                assertThat(preflight.status()).isEqualTo(204);
                assertThat(preflight.header("Access-Control-Allow-Origin")).isEqualTo("https://good.example");
                Wire.Answer answer = wire.send(Wire.post("/echo", "{}", "Origin: https://good.example"))
                        .answer();
                assertThat(answer.header("Access-Control-Allow-Origin")).isEqualTo("https://good.example");
                assertThat(wire.send(Wire.post("/echo", "{}", "Origin: https://good.example.evil"))
                                .answer()
                                .status())
                        .isEqualTo(403);
            }
        }

        private Wire.Answer preflight(String origin, String asked) throws IOException {
            HttpSettings settings = HttpSettings.loopback(0)
                    .origins(List.of("https://good.example", "vscode-webview://0a1b", "app://notes"));
            Routes routes = Routes.none().post("/echo", e -> e.answer(200, "application/json", e.body()));
            try (HttpServer open = HttpServer.start(settings, routes);
                    Wire wire = Wire.open(open.port())) {
                return wire.send("OPTIONS /echo HTTP/1.1\r\n" + HOST + "Origin: " + origin
                                + "\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: " + asked
                                + "\r\n\r\n")
                        .answer();
            }
        }

        /** OpenAI's own client adds lines of its own, and a browser sends none that the answer does not name. */
        @Test
        void theLinesOfOpenAisClientMayBeSent() throws IOException {
            Wire.Answer answer = preflight(
                    "https://good.example",
                    "authorization,x-stainless-lang, X-Stainless-Retry-Count,x-evil,x-stainless-a b");
            assertThat(answer.header("Access-Control-Allow-Headers"))
                    .isEqualTo("Authorization, Content-Type, X-Request-Id, x-stainless-lang, X-Stainless-Retry-Count");
            assertThat(preflight("https://evil.example", "x-stainless-lang").status())
                    .isEqualTo(403);
        }

        @Test
        void aProgramsOwnPagesMayBeListed() throws IOException {
            for (String origin : List.of("vscode-webview://0a1b", "app://notes")) {
                Wire.Answer answer = preflight(origin, "content-type");
                assertThat(answer.status()).isEqualTo(204);
                assertThat(answer.header("Access-Control-Allow-Origin")).isEqualTo(origin);
            }
            for (String other : List.of("vscode-webview://other", "app://localhost", "null")) {
                assertThat(preflight(other, "content-type").status()).as(other).isEqualTo(403);
            }
        }

        @ParameterizedTest
        @ValueSource(
                strings = {"*", "null", "app", "app://", "https://", "https://a/b", "vscode-webview:0a1b", "https://a b"
                })
        void whatIsNoOriginIsNotTaken(String origin) {
            assertThatThrownBy(() -> HttpSettings.loopback(0).origins(List.of(origin)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(origin);
        }
    }
}
