package tinyllm.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EventsTest {

    private static HttpServer server(HttpLimits limits, Handler handler) throws IOException {
        return HttpServer.start(
                HttpSettings.loopback(0).limits(limits), Routes.none().get("/events", handler));
    }

    /** A strict reader of the format: the data of each event. */
    private static List<String> data(String stream) {
        assertThat(stream).endsWith("\n\n");
        List<String> events = new ArrayList<>();
        for (String frame : stream.split("\n\n")) {
            List<String> lines = new ArrayList<>();
            for (String line : frame.split("\n", -1)) {
                assertThat(line).matches("(?s)(data|event): .*|:.*|");
                if (line.startsWith("data: ")) {
                    lines.add(line.substring(6));
                }
            }
            if (!lines.isEmpty()) {
                events.add(String.join("\n", lines));
            }
        }
        return events;
    }

    private static String read(HttpServer server) throws IOException {
        try (Wire wire = Wire.open(server.port()).send(Wire.get("/events"))) {
            assertThat(wire.head())
                    .startsWith("HTTP/1.1 200")
                    .containsIgnoringCase("content-type: text/event-stream")
                    .containsIgnoringCase("x-request-id: ");
            return wire.chunks();
        }
    }

    @Test
    void comeInTheOrderOfTheCalls() throws Exception {
        List<String> sent =
                IntStream.range(0, 1000).mapToObj(i -> "{\"i\":" + i + "}").toList();
        try (HttpServer server = server(HttpLimits.STANDARD, e -> {
            try (EventWriter events = e.events()) {
                sent.forEach(events::event);
                events.event("[DONE]");
            }
        })) {
            List<String> got = data(read(server));
            assertThat(got.removeLast()).isEqualTo("[DONE]");
            assertThat(got).isEqualTo(sent);
        }
    }

    @Test
    void manyWritersShareOneStreamByWholeFrames() throws Exception {
        try (HttpServer server = server(HttpLimits.STANDARD, e -> {
            EventWriter events = e.events();
            List<Thread> writers = IntStream.range(0, 8)
                    .mapToObj(w -> Thread.ofVirtual().start(() -> {
                        for (int i = 0; i < 100; i++) {
                            events.event("w" + w, w + " " + i + "\n" + w);
                        }
                    }))
                    .toList();
            for (Thread writer : writers) {
                writer.join();
            }
        })) {
            List<String> got = data(read(server));
            assertThat(got).hasSize(800);
            for (int w = 0; w < 8; w++) {
                String mine = w + " ";
                assertThat(got.stream().filter(d -> d.startsWith(mine)).toList())
                        .isEqualTo(IntStream.range(0, 100)
                                .mapToObj(i -> mine + i + "\n" + mine.strip())
                                .toList());
            }
        }
    }

    @Test
    void noTextBreaksAFrame() throws Exception {
        List<String> texts = List.of("a\n\nb", "data: x", "\r\n\r\nevent: y", ": z", "", "é 漢 👩‍🚀 \u2028");
        try (HttpServer server = server(HttpLimits.STANDARD, e -> {
            EventWriter events = e.events();
            texts.forEach(events::event);
            events.comment("a\n\ndata: no event");
        })) {
            assertThat(data(read(server)))
                    .isEqualTo(texts.stream()
                            .map(text -> text.replace("\r\n", "\n"))
                            .toList());
        }
    }

    @Test
    void aSilentStreamShowsThatItLives() throws Exception {
        HttpLimits limits = HttpLimits.STANDARD.writing(Duration.ofMillis(50), 4096, Duration.ofSeconds(5));
        try (HttpServer server = server(limits, e -> {
            EventWriter events = e.events();
            TimeUnit.MILLISECONDS.sleep(400);
            events.event("late");
        })) {
            String stream = read(server);
            assertThat(data(stream)).containsExactly("late");
            assertThat(stream.split(": keep-alive\n\n", -1).length - 1).isBetween(2, 9);
        }
    }

    @Test
    void aFailureIsTheLastEvent() throws Exception {
        try (HttpServer server = server(HttpLimits.STANDARD, e -> {
            e.events().event("one");
            throw new IllegalStateException("secret");
        })) {
            List<String> got = data(read(server));
            assertThat(got).hasSize(2);
            assertThat(got.getLast())
                    .startsWith("{\"error\":{")
                    .contains("server_error")
                    .doesNotContain("secret");
        }
    }

    @Test
    void anOldClientReadsToTheConnectionsEnd() throws Exception {
        try (HttpServer server = server(HttpLimits.STANDARD, e -> e.events().event("one"));
                Wire wire = Wire.open(server.port())) {
            wire.send("GET /events HTTP/1.0\r\nHost: localhost\r\n\r\n");
            assertThat(wire.head()).doesNotContainIgnoringCase("chunked");
            assertThat(new String(wire.socket().getInputStream().readAllBytes()))
                    .isEqualTo("data: one\n\n");
        }
    }

    @Test
    void aWriterHearsThatItsClientIsGone() throws Exception {
        CompletableFuture<Throwable> ended = new CompletableFuture<>();
        CountDownLatch writing = new CountDownLatch(1);
        try (HttpServer server = server(HttpLimits.STANDARD, e -> {
            try {
                EventWriter events = e.events();
                while (true) {
                    events.event("tick");
                    writing.countDown();
                    TimeUnit.MILLISECONDS.sleep(5);
                }
            } catch (ClientGoneException gone) {
                ended.complete(gone);
                throw gone;
            }
        })) {
            Wire wire = Wire.open(server.port()).send(Wire.get("/events"));
            assertThat(writing.await(5, TimeUnit.SECONDS)).isTrue();
            wire.close();
            assertThat(ended.get(2, TimeUnit.SECONDS)).isInstanceOf(ClientGoneException.class);
            awaitNone(server);
        }
    }

    @Test
    void aClientThatDoesNotReadIsBoundedAndCut() throws Exception {
        AtomicInteger written = new AtomicInteger();
        CountDownLatch gone = new CountDownLatch(1);
        HttpLimits limits = HttpLimits.STANDARD.writing(Duration.ofSeconds(5), 32 << 10, Duration.ofMillis(500));
        String kilobyte = "x".repeat(1024);
        try (HttpServer server = server(limits, e -> {
                    e.onGone(gone::countDown);
                    EventWriter events = e.events();
                    while (true) {
                        events.event(kilobyte);
                        written.incrementAndGet();
                    }
                });
                Wire wire = Wire.open(server.port()).send(Wire.get("/events"))) {
            assertThat(gone.await(5, TimeUnit.SECONDS)).isTrue();
            awaitNone(server);
            // what the two sockets' buffers of the kernel took, and ours
            assertThat(written.get()).isBetween(32, 8 << 10);
            assertThat(wire.closes()).isTrue();
        }
    }

    private static void awaitNone(HttpServer server) throws InterruptedException {
        for (int i = 0; i < 200 && server.answering() > 0; i++) {
            TimeUnit.MILLISECONDS.sleep(10);
        }
        assertThat(server.answering()).isZero();
    }
}
