package tinyllm.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tinyllm.engine.Simulation;

@Timeout(60)
class LoadTest {

    private static final TraceGenerator AT_ONCE = TraceGenerator.atOnce(1, Lengths.fixed(8), Lengths.fixed(4));

    private static Sample only(FakeServer.Script script) throws Exception {
        try (FakeServer server = new FakeServer(1, script)) {
            return Load.on(server.url()).open(AT_ONCE, 1).samples().getFirst();
        }
    }

    @Test
    void timesAndCountsOfOneAnswer() throws Exception {
        Sample sample = only((reply, request) -> {
            Thread.sleep(60);
            reply.say(": keep-alive\n\n").data("{'choices':[{'index':0,'delta':{'role':'assistant','content':''}}]}");
            Thread.sleep(60);
            reply.text("One").text("two three");
            Thread.sleep(80);
            reply.text("four").end(9, 4);
        });
        assertThat(sample.ok()).as(sample.problem()).isTrue();
        assertThat(sample.events()).isEqualTo(3);
        assertThat(sample.tokens()).isEqualTo(4);
        assertThat(sample.promptTokens()).isEqualTo(9);
        assertThat(sample.finishReason()).isEqualTo("stop");
        assertThat(sample.toFirstToken()).isBetween(0.1, 5.0);
        assertThat(sample.last() - sample.first()).isBetween(0.04, 5.0);
        assertThat(sample.perToken()).isCloseTo((sample.last() - sample.first()) / 3, within(1e-12));
        assertThat(sample.gaps()).hasSize(2);
        assertThat(sample.end()).isGreaterThanOrEqualTo(sample.last());
    }

    /** A server that answers one at a time, 50 ms each: whoever comes fifth has waited for four others, and says so. */
    @Test
    void waitingCountsFromThePlannedArrival() throws Exception {
        try (FakeServer server = new FakeServer(1, (reply, request) -> {
            Thread.sleep(50);
            reply.text("x").end(1, 1);
        })) {
            List<Simulation.Request> all = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                all.add(new Simulation.Request(0.01 * i, 4, 1, 0));
            }
            LoadReport report = Load.on(server.url()).open(all.iterator());
            for (Sample sample : report.samples()) {
                int ahead = sample.request();
                assertThat(sample.planned()).isEqualTo(0.01 * ahead);
                assertThat(sample.sent()).isGreaterThanOrEqualTo(sample.planned());
            }
            List<Double> waits =
                    report.samples().stream().map(Sample::toFirstToken).sorted().toList();
            assertThat(waits.getLast()).isGreaterThan(8 * 0.05 - 7 * 0.01 - 0.005);
            assertThat(report.firstToken().max()).isEqualTo(waits.getLast());
            assertThat(report.goodput(new ServiceLevel(10, 10))).isEqualTo(report.requestsPerSecond());
            assertThat(report.goodput(new ServiceLevel(0.04, 10))).isZero();
        }
    }

    @Test
    void aClosedLoopKeepsSoManyAtOnce() throws Exception {
        AtomicInteger now = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        try (FakeServer server = new FakeServer(10, (reply, request) -> {
            most.accumulateAndGet(now.incrementAndGet(), Math::max);
            Thread.sleep(20);
            now.decrementAndGet();
            reply.text("x").end(1, 1);
        })) {
            LoadReport report = Load.on(server.url()).closed(3, AT_ONCE, 12);
            assertThat(report.samples()).hasSize(12).extracting(Sample::request).isSorted();
            assertThat(report.answered()).isEqualTo(12);
            assertThat(most.get()).isEqualTo(3);
            assertThat(report.seconds()).isGreaterThan(4 * 0.02);
        }
    }

    @Test
    void endsOfEveryKindAreToldApart() throws Exception {
        assertThat(only((reply, request) -> reply.status(429, "{\"error\":{\"message\":\"the queue is full\"}}")))
                .extracting(Sample::outcome, Sample::problem)
                .containsExactly("429", "the queue is full");
        assertThat(only((reply, request) -> reply.status(502, "<html>Bad gateway</html>")))
                .extracting(Sample::outcome, Sample::problem)
                .containsExactly("502", "<html>Bad gateway</html>");
        assertThat(only((reply, request) -> reply.text("a")
                        .data("{'error':{'message':'out of memory'}}")
                        .data("[DONE]")))
                .extracting(Sample::outcome, Sample::problem)
                .containsExactly("200, cut", "the stream failed: out of memory");
        assertThat(only((reply, request) -> reply.text("a")))
                .extracting(Sample::outcome, Sample::problem)
                .containsExactly("200, cut", "the stream ended without [DONE]");
        assertThat(only((reply, request) -> reply.say("data: {no json\n\n")).outcome())
                .isEqualTo("200, cut");
        Sample noUsage = only((reply, request) -> reply.text("a")
                .text("b")
                .data("{'choices':[{'index':0,'delta':{},'finish_reason':'length'}]}")
                .data("[DONE]"));
        assertThat(noUsage.ok()).isTrue();
        assertThat(noUsage.usageTokens()).isEqualTo(-1);
        assertThat(noUsage.tokens()).isEqualTo(2);
    }

    @Test
    void nobodyWaitsForEver() throws Exception {
        try (FakeServer server = new FakeServer(2, (reply, request) -> {
            if (request.path("max_tokens").asInt() == 4) {
                reply.text("a");
            }
            Thread.sleep(20_000);
        })) {
            Load load = Load.on(server.url()).limit(Duration.ofMillis(300));
            Sample stuck = load.open(AT_ONCE, 1).samples().getFirst();
            assertThat(stuck.outcome()).isEqualTo("200, cut");
            assertThat(stuck.toEnd()).isBetween(0.3, 5.0);
            Sample silent =
                    load.field("max_tokens", 1).open(AT_ONCE, 1).samples().getFirst();
            assertThat(silent.outcome()).isEqualTo("no answer");
            assertThat(silent.toEnd()).isBetween(0.3, 5.0);
        }
    }

    /** Three visitors at once; what each is told has its number. */
    @Test
    void aWatcherSeesEveryText() throws Exception {
        List<String> seen = new CopyOnWriteArrayList<>();
        Watcher watcher = new Watcher() {
            @Override
            public void sent(int request) {
                seen.add("sent " + request);
            }

            @Override
            public void text(int request, String piece) {
                seen.add(request + " hears " + piece);
            }

            @Override
            public void ended(Sample sample) {
                seen.add("ended " + sample.request());
            }
        };
        try (FakeServer server = new FakeServer(
                1,
                (reply, request) -> reply.text("one")
                        .data("{'choices':[{'index':0,'delta':{'reasoning_content':'hm'}}]}")
                        .text("two")
                        .end(1, 3))) {
            Load load = Load.on(server.url()).watcher(watcher);
            LoadReport report = load.open(AT_ONCE, 3);
            assertThat(report.samples()).allMatch(Sample::ok).allMatch(sample -> sample.events() == 3);
            assertThat(seen)
                    .containsSubsequence("sent 0", "sent 1", "sent 2")
                    .containsSubsequence("0 hears one", "0 hears two", "ended 0", "ended 1", "ended 2")
                    .containsSubsequence("1 hears one", "1 hears two", "ended 1")
                    .containsSubsequence("2 hears one", "2 hears two", "ended 2")
                    .hasSize(12);
            seen.clear();
            load.closed(1, AT_ONCE, 2);
            assertThat(seen)
                    .containsExactly(
                            "sent 0",
                            "0 hears one",
                            "0 hears two",
                            "ended 0",
                            "sent 1",
                            "1 hears one",
                            "1 hears two",
                            "ended 1");
        }
    }

    @Test
    void aClientLeaves() throws Exception {
        AtomicInteger told = new AtomicInteger();
        CountDownLatch gone = new CountDownLatch(2);
        try (FakeServer server = new FakeServer(2, (reply, request) -> {
            try {
                while (told.incrementAndGet() < 2_000) {
                    reply.text("x");
                    Thread.sleep(5);
                }
            } catch (IOException e) {
                gone.countDown(); // the connection is closed
            }
        })) {
            LoadReport report = Load.on(server.url())
                    .watcher(new Watcher() {
                        @Override
                        public boolean stays(int request, int events) {
                            return events < 3 * request;
                        }
                    })
                    .open(AT_ONCE, 2);
            assertThat(report.samples()).extracting(Sample::events).containsExactly(0, 3);
            assertThat(report.samples())
                    .allMatch(sample -> "the client left".equals(sample.problem()))
                    .allMatch(sample -> sample.outcome().equals("200, cut"))
                    .allMatch(sample -> sample.toEnd() < 5);
            assertThat(gone.await(20, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void whatAWatcherThrowsEndsTheLoad() throws Exception {
        try (FakeServer server = new FakeServer(2, (reply, request) -> {
            if (request.path("max_tokens").asInt() == 1) {
                reply.text("x").end(1, 1);
            } else {
                Thread.sleep(20_000);
            }
        })) {
            Load load = Load.on(server.url()).watcher(new Watcher() {
                @Override
                public void ended(Sample sample) {
                    throw new UnsupportedOperationException("enough");
                }
            });
            var requests = List.of(new Simulation.Request(0, 1, 1, 0), new Simulation.Request(0, 1, 2, 0));
            long begin = System.nanoTime();
            assertThatThrownBy(() -> load.open(requests.iterator())).hasMessage("enough");
            assertThat((System.nanoTime() - begin) / 1e9).isLessThan(10);
        }
    }

    /** What shows a text belongs to the thread of a notebook's cell, and that may be stopped. */
    @Test
    void oneAsksByItsOwnThread() throws Exception {
        List<Thread> threads = new ArrayList<>();
        Watcher watcher = new Watcher() {
            @Override
            public void text(int request, String piece) {
                threads.add(Thread.currentThread());
            }
        };
        try (FakeServer server = new FakeServer(1, (reply, request) -> {
            reply.text("x");
            if (request.path("max_tokens").asInt() == 2) {
                Thread.sleep(20_000);
            }
            reply.end(1, 1);
        })) {
            Load load = Load.on(server.url()).watcher(watcher);
            Sample sample = load.ask("Why?", 1);
            assertThat(sample.ok()).as(sample.problem()).isTrue();
            assertThat(threads).containsExactly(Thread.currentThread());
            assertThat(server.requests.getLast().at("/messages/0/content").stringValue())
                    .isEqualTo("Why?");
            Thread cell = Thread.currentThread();
            Thread.startVirtualThread(() -> {
                LockSupport.parkNanos(300_000_000);
                cell.interrupt();
            });
            assertThatThrownBy(() -> load.ask("Why?", 2)).isInstanceOf(InterruptedException.class);
        }
    }

    @Test
    void sendsWhatWasAskedFor() throws Exception {
        try (FakeServer server =
                new FakeServer(2, (reply, request) -> reply.text("a").end(1, 1))) {
            Load.on(server.url() + "/v1/")
                    .key("secret")
                    .field("ignore_eos", true)
                    .field("stream_options", null)
                    .open(new TraceGenerator(3, 500, Lengths.uniform(2, 9), Lengths.uniform(1, 5), 1), 6);
            assertThat(server.keys).containsOnly("Bearer secret");
            assertThat(server.requests).hasSize(6).allSatisfy(request -> {
                assertThat(request.get("model").stringValue()).isEqualTo("fake");
                assertThat(request.get("ignore_eos").booleanValue()).isTrue();
                assertThat(request.has("stream_options")).isFalse();
                assertThat(request.at("/messages/0/content").stringValue().split(" "))
                        .hasSizeBetween(2, 9);
            });
            Load.on(server.url()).model("other").by(Api.COMPLETIONS).open(AT_ONCE, 1);
            assertThat(server.requests.getLast().get("model").stringValue()).isEqualTo("other");
            assertThat(server.requests
                            .getLast()
                            .at("/stream_options/include_usage")
                            .booleanValue())
                    .isTrue();
        }
    }

    @Test
    void whatIsNoServer() throws Exception {
        assertThatThrownBy(() -> Load.on("localhost:8080")).hasMessageContaining("http://localhost:8080");
        String gone;
        try (FakeServer server = new FakeServer(1, (reply, request) -> {})) {
            gone = server.url();
        }
        assertThatThrownBy(() -> Load.open(gone, AT_ONCE, 1))
                .isInstanceOf(IOException.class)
                .hasMessage("no server answers at " + gone);
        LoadReport report = Load.on(gone).model("m").open(AT_ONCE, 2);
        assertThat(report.outcomes()).isEqualTo(Map.of("no answer", 2L));
    }

    @Test
    void equalSeedsAskTheSame() {
        Prompts words = Prompts.words(7);
        assertThat(words.prompt(3, 20))
                .isEqualTo(Prompts.words(7).prompt(3, 20))
                .isNotEqualTo(words.prompt(4, 20));
        Prompts exact = Prompts.exactly(7, text -> (text.length() + 2) / 3);
        for (int tokens = 1; tokens < 60; tokens++) {
            assertThat((exact.prompt(tokens, tokens).length() + 2) / 3).isEqualTo(tokens);
        }
    }

    /** Some servers close a connection after each stream, although they promise to keep it. */
    @Test
    void aConnectionThatItsServerClosedIsNoFailedRequest() throws Exception {
        try (OneAnswerServer server = new OneAnswerServer(true)) {
            LoadReport report =
                    Load.on(server.url()).model("m").by(Api.COMPLETIONS).closed(1, AT_ONCE.requests(5));
            assertThat(report.samples()).allMatch(Sample::ok).allMatch(sample -> sample.tokens() == 1);
            assertThat(report.samples()).extracting(Sample::resent).containsExactly(0, 1, 1, 1, 1);
            assertThat(report.json(new ServiceLevel(1, 1))).containsEntry("resent", 4L);
        }
    }

    @Test
    void aServerThatNeverAnswersIsAskedSomeTimesOnly() throws Exception {
        try (OneAnswerServer server = new OneAnswerServer(false)) {
            Sample sample = Load.on(server.url())
                    .model("m")
                    .by(Api.COMPLETIONS)
                    .closed(1, AT_ONCE.requests(1))
                    .samples()
                    .getFirst();
            assertThat(sample.outcome()).isEqualTo("no answer");
            assertThat(sample.resent()).isEqualTo(3);
            assertThat(server.asked.get()).isEqualTo(4);
        }
    }

    @Test
    void percentilesAreMeasuredValues() {
        double[] samples = new double[100];
        for (int i = 0; i < 100; i++) {
            samples[i] = 100 - i;
        }
        assertThat(Percentiles.of(samples)).isEqualTo(new Percentiles(100, 50.5, 50, 90, 95, 99, 100));
        assertThat(Percentiles.of(3, Double.NaN)).isEqualTo(new Percentiles(1, 3, 3, 3, 3, 3, 3));
        assertThat(Percentiles.of().p50()).isNaN();
    }

    @Test
    void charts() {
        double[] times = {0.2, 0.3, 0.9};
        Sample one = new Sample(0, 8, 3, 0.1, 0.1, times, 0.9, 200, 8, 3, "stop", 0, null);
        Sample two = new Sample(1, 8, 3, 0.5, 0.5, new double[0], 0.6, 429, -1, -1, null, 0, "full");
        LoadReport report = new LoadReport("http://x", "m", List.of(one, two));
        assertThat(LoadCharts.latencies(report).text())
                .contains("Of 1 whole answers half had their first token after 100.0 ms");
        assertThat(LoadCharts.requests(report).text()).contains("at most 1 wait", "1 are being answered");
        assertThat(LoadCharts.rate(report).text()).contains("3 tokens in 3 events over 0.8 s");
        LoadReport none = new LoadReport("http://x", "m", List.of(two));
        assertThatThrownBy(() -> LoadCharts.latencies(none)).hasMessageContaining("{429=1}");
        assertThat(LoadCharts.rate(none).png()).isNotEmpty();
    }
}
