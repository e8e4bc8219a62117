package tinyllm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tinyllm.engine.RefusedException.Reason;
import tinyllm.sampling.SamplingParams;
import tinyllm.text.ByteTokenizer;
import tinyllm.text.TemplateText;
import tinyllm.text.Tokenizer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** What a caller sees: refusals, tokens in three forms, the end, metrics and traces. */
@Timeout(20)
class EngineTest {

    private static final int[] PROMPT = {50, 60, 70};
    private static final List<Integer> ANSWER = FakeModel.expected(PROMPT, SamplingParams.GREEDY, 30);

    private final FakeModel model = new FakeModel(100, 20, 4);

    private Engine engine(EngineOptions options, boolean manual) {
        return new Engine(null, model, options, manual);
    }

    @Test
    void tokensAsStreamPublisherCallbackAndResult() throws Exception {
        try (Engine engine = engine(EngineOptions.standard(), false)) {
            List<Token> called = new ArrayList<>();
            RequestHandle handle = engine.submit(
                    EngineRequest.tokens(PROMPT).maxTokens(30).logprobs().onToken(called::add));
            List<Token> streamed = handle.tokens().toList();
            Completion done = handle.result();
            assertThat(streamed).isEqualTo(called);
            assertThat(streamed).extracting(Token::id).isEqualTo(ANSWER);
            assertThat(done.tokens()).isEqualTo(ANSWER);
            assertThat(done.text()).isEqualTo(streamed.stream().map(Token::text).collect(Collectors.joining()));
            assertThat(done.logprobs()).hasSameSizeAs(ANSWER).allMatch(p -> p == -1.5);
            assertThat(handle.tokens().toList()).as("again, from the first on").isEqualTo(streamed);
            assertThat(published(handle, 1)).isEqualTo(streamed);
            assertThat(published(handle, Long.MAX_VALUE)).isEqualTo(streamed);
        }
    }

    private static List<Token> published(RequestHandle handle, long atATime) throws Exception {
        List<Token> tokens = new ArrayList<>();
        var done = new CompletableFuture<List<Token>>();
        handle.publisher().subscribe(new Flow.Subscriber<>() {
            private Flow.@Nullable Subscription subscription;

            @Override
            public void onSubscribe(Flow.Subscription s) {
                subscription = s;
                s.request(atATime);
            }

            @Override
            public void onNext(Token token) {
                tokens.add(token);
                Objects.requireNonNull(subscription).request(atATime);
            }

            @Override
            public void onError(Throwable e) {
                done.completeExceptionally(e);
            }

            @Override
            public void onComplete() {
                done.complete(tokens);
            }
        });
        return done.get(5, TimeUnit.SECONDS);
    }

    @Test
    void aFailedRequestTellsEveryReader() {
        model.poison = 99;
        try (Engine engine = engine(EngineOptions.standard(), false)) {
            RequestHandle handle = engine.submit(EngineRequest.tokens(99));
            assertThatThrownBy(handle::result).hasMessageStartingWith("request 0 failed: generation stopped");
            assertThatThrownBy(() -> handle.tokens().toList()).isInstanceOf(GenerationException.class);
            assertThatThrownBy(() -> published(handle, 1)).hasCauseInstanceOf(GenerationException.class);
        }
    }

    @Test
    void aSubscriberThatLeavesIsLeftAlone() throws Exception {
        try (Engine engine = engine(EngineOptions.standard(), false)) {
            RequestHandle handle = engine.submit(EngineRequest.tokens(PROMPT).maxTokens(30));
            var got = new CompletableFuture<Token>();
            List<String> wrong = new ArrayList<>();
            handle.publisher().subscribe(new Flow.Subscriber<>() {
                @Override
                public void onSubscribe(Flow.Subscription s) {
                    s.request(1);
                    Thread.ofVirtual().start(() -> {
                        got.join();
                        s.cancel();
                        s.request(5);
                    });
                }

                @Override
                public void onNext(Token token) {
                    if (!got.complete(token)) {
                        wrong.add("a second token");
                    }
                }

                @Override
                public void onError(Throwable e) {
                    wrong.add(e.toString());
                }

                @Override
                public void onComplete() {
                    wrong.add("complete");
                }
            });
            handle.result();
            assertThat(got.get(5, TimeUnit.SECONDS).id()).isEqualTo(ANSWER.getFirst());
            Thread.sleep(50);
            assertThat(wrong).isEmpty();
        }
    }

    @Test
    void whatNeverFitsIsRefusedAtOnce() {
        // context 100, pages for 80 tokens
        try (Engine engine = engine(EngineOptions.standard(), true)) {
            assertThat(engine.capacity()).isEqualTo(80);
            refuse(engine, EngineRequest.tokens(new int[80]), Reason.TOO_LONG, "80 tokens", "may have 80 (all pages");
            refuse(
                    engine,
                    EngineRequest.tokens(new int[60]).maxTokens(21),
                    Reason.TOO_LONG,
                    "60 tokens",
                    "max_tokens is 21",
                    "may have 80",
                    "ask for 20");
            RequestHandle fits = engine.submit(
                    EngineRequest.tokens(new int[60]).maxTokens(20).ignoreEnd());
            RequestHandle open = engine.submit(EngineRequest.tokens(new int[60]).ignoreEnd());
            assertThat(fits.result().tokens()).hasSize(20);
            assertThat(open.result().tokens()).as("until the pool is full").hasSize(20);
            assertThat(open.finishReason()).isEqualTo(FinishReason.LENGTH);
            assertThat(engine.metrics().refused()).isEqualTo(2);
        }
        var wide = new FakeModel(50, 100, 4);
        try (Engine engine = new Engine(null, wide, EngineOptions.standard(), true)) {
            refuse(engine, EngineRequest.tokens(new int[50]), Reason.TOO_LONG, "may have 50 (the model's context)");
        }
    }

    private static void refuse(Engine engine, EngineRequest request, Reason reason, String... parts) {
        assertThatThrownBy(() -> engine.submit(request))
                .isInstanceOfSatisfying(
                        RefusedException.class, e -> assertThat(e.reason()).isEqualTo(reason))
                .hasMessageContainingAll(parts);
    }

    @Test
    void badRequests() {
        try (Engine engine = engine(EngineOptions.standard(), true)) {
            assertThatThrownBy(() -> engine.submit(EngineRequest.tokens())).hasMessageContaining("empty");
            assertThatThrownBy(() -> engine.submit(EngineRequest.tokens(5, 128)))
                    .hasMessageContaining("token 128 at position 1 is not in 0…127");
            assertThatThrownBy(() -> engine.submit(EngineRequest.tokens(-1))).hasMessageContaining("token -1");
            assertThatThrownBy(() -> EngineRequest.tokens(1).maxTokens(0)).hasMessageContaining("is 0");
            assertThatThrownBy(() -> EngineRequest.tokens(1).stop("")).hasMessageContaining("one has 0");
            assertThatThrownBy(() -> EngineRequest.tokens(1).stop("é".repeat(129)))
                    .hasMessageContaining("one has 258");
            assertThatThrownBy(() -> EngineRequest.tokens(1).stop("a", "b", "c", "d", "e"))
                    .hasMessageContaining("is 5");
            assertThatThrownBy(() -> EngineRequest.tokens(1).deadline(Duration.ofSeconds(-1)))
                    .hasMessageContaining("ahead");
            assertThat(engine.submit(EngineRequest.tokens(PROMPT).maxTokens(30))
                            .result()
                            .tokens())
                    .isEqualTo(ANSWER);
        }
    }

    @Test
    void theQueueIsBounded() {
        var one = SchedulerPolicy.standard().withMaxRunning(1);
        var bounds = new QueueBounds(3, 100, 20);
        try (Engine engine = engine(EngineOptions.standard().with(one).with(bounds), true)) {
            RequestHandle running = engine.submit(EngineRequest.tokens(PROMPT).ignoreEnd());
            engine.step();
            refuse(engine, EngineRequest.tokens(new int[26]), Reason.TOO_LONG, "has 104 bytes", "more than the 100");
            refuse(engine, EngineRequest.tokens(new int[21]), Reason.TOO_LONG, "has 21 tokens", "more than the 20");
            refuse(engine, EngineRequest.text("é".repeat(51)), Reason.TOO_LONG, "has 102 bytes", "more than the 100");
            RequestHandle first = engine.submit(EngineRequest.tokens(new int[7]).maxTokens(1));
            RequestHandle second =
                    engine.submit(EngineRequest.tokens(new int[7]).maxTokens(1));
            refuse(engine, EngineRequest.tokens(new int[7]), Reason.BUSY, "14 tokens wait", "20 may", "has 7");
            engine.submit(EngineRequest.tokens(1).maxTokens(1));
            refuse(engine, EngineRequest.tokens(1), Reason.BUSY, "3 requests wait", "3 may");
            second.cancel();
            engine.step();
            engine.submit(EngineRequest.tokens(1).maxTokens(1));
            running.cancel();
            assertThat(first.result().promptTokens()).isEqualTo(7);
            engine.steps();
            assertThat(engine.metrics().waiting()).isZero();
            engine.submit(EngineRequest.tokens(new int[20]).maxTokens(1));
        }
    }

    /** Whatever a request is refused for, it leaves the queue as it came. */
    @Test
    void aRefusedRequestLeavesNothingInTheQueue() {
        model.tokenizer = new ThrowingTokenizer(() -> {
            throw new StackOverflowError("template");
        });
        var bounds = new QueueBounds(3, 100, 20);
        try (Engine engine = engine(EngineOptions.standard().with(bounds), true)) {
            for (int i = 0; i < 5; i++) {
                assertThatThrownBy(() -> engine.submit(EngineRequest.text("é".repeat(40))))
                        .isInstanceOf(StackOverflowError.class);
            }
            assertThat(engine.metrics().refused()).isEqualTo(5);
            assertThat(engine.metrics().waiting()).isZero();
            for (int i = 0; i < 5; i++) {
                RequestHandle handle = engine.submit(
                        EngineRequest.tokens(new int[15]).maxTokens(1).deadline(Duration.ofSeconds(Long.MAX_VALUE)));
                assertThat(handle.result().tokens()).hasSize(1);
            }
            assertThatThrownBy(() -> EngineRequest.tokens(1).salt(nothing())).hasMessageContaining("the salt is null");
        }
    }

    @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"})
    private static <T> T nothing() {
        return null;
    }

    private record ThrowingTokenizer(Runnable fault) implements Tokenizer {
        @Override
        public int[] encode(String text) {
            fault.run();
            return new int[0];
        }

        @Override
        public int[] encode(TemplateText text) {
            return encode(text.toString());
        }

        @Override
        public int[] encodeWithSpecials(String text) {
            return encode(text);
        }

        @Override
        public String decode(int... ids) {
            return ByteTokenizer.create().decode(ids);
        }

        @Override
        public byte[] bytes(int id) {
            return ByteTokenizer.create().bytes(id);
        }

        @Override
        public boolean isSpecial(int id) {
            return false;
        }

        @Override
        public int vocabSize() {
            return FakeModel.VOCABULARY;
        }
    }

    /** Who was preempted waits as much as who never ran. */
    @Test
    void preemptedRequestsCountAsWaiting() {
        List<Integer> waiting = new ArrayList<>();
        var small = new FakeModel(100, 8, 4);
        try (Engine engine = new Engine(null, small, EngineOptions.standard(), true)) {
            for (int i = 0; i < 8; i++) {
                engine.submit(EngineRequest.tokens(PROMPT).maxTokens(20).ignoreEnd());
            }
            for (StepReport report = engine.step(); report != null; report = engine.step()) {
                assertThat(engine.metrics().waiting()).isEqualTo(report.waiting());
                waiting.addAll(report.preempted().stream().map(Long::intValue).toList());
            }
            assertThat(waiting).as("preempted").isNotEmpty();
        }
    }

    @Test
    void closingCancelsOrDrains() {
        Engine engine = engine(EngineOptions.standard(), false);
        List<RequestHandle> handles = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            handles.add(engine.submit(EngineRequest.tokens(PROMPT).maxTokens(30)));
        }
        engine.close(Duration.ofSeconds(10));
        assertThat(handles).allMatch(handle -> handle.result().tokens().equals(ANSWER));
        refuse(engine, EngineRequest.tokens(1), Reason.CLOSED, "closed");
        assertThat(engine.health().state()).isEqualTo(EngineHealth.State.CLOSED);
        engine.close();

        FakeModel slow = new FakeModel(10_000, 3000, 4);
        Engine second = new Engine(null, slow, EngineOptions.standard(), false);
        List<RequestHandle> cut = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            cut.add(second.submit(EngineRequest.tokens(PROMPT).ignoreEnd()));
        }
        second.close();
        assertThat(cut).allMatch(handle -> handle.finishReason() == FinishReason.CANCELLED);
        assertThat(slow.pool.used()).isZero();
    }

    @Test
    void stopStringsEndATextBeforeThem() {
        Tokenizer bytes = ByteTokenizer.create();
        String whole = bytes.decode(FakeModel.expected(new int[] {51}, SamplingParams.GREEDY, 60).stream()
                .mapToInt(i -> i)
                .toArray());
        assertThat(whole).hasSizeGreaterThan(20);
        Random random = new Random(1);
        try (Engine engine = engine(EngineOptions.standard(), true)) {
            for (int i = 0; i < 300; i++) {
                int from = random.nextInt(whole.length() - 4);
                String stop = whole.substring(from, from + 1 + random.nextInt(4));
                String other = random.nextBoolean() ? stop + "x" : "never";
                RequestHandle handle =
                        engine.submit(EngineRequest.tokens(51).maxTokens(60).stop(other, stop));
                assertThat(handle.result().text()).isEqualTo(whole.substring(0, whole.indexOf(stop)));
                assertThat(handle.finishReason()).isEqualTo(FinishReason.STOP);
                assertThat(handle.tokens().map(Token::text).collect(Collectors.joining()))
                        .isEqualTo(handle.result().text());
            }
            RequestHandle begun = engine.submit(
                    EngineRequest.tokens(51).maxTokens(60).stop(whole.substring(whole.length() - 2) + "zz"));
            assertThat(begun.result().text()).as("what was held back").isEqualTo(whole);
        }
    }

    @Test
    void aManualEngineShowsItsSteps() {
        try (Engine engine = engine(EngineOptions.standard(), true)) {
            assertThat(engine.step()).isNull();
            engine.submit(EngineRequest.tokens(PROMPT).maxTokens(3).ignoreEnd());
            StepReport first = Objects.requireNonNull(engine.step());
            assertThat(first.toString())
                    .contains(
                            "step 0: 0 decode rows, 3 prefill tokens, 0 waiting, pages 1 used (0 shared) 0 idle 19 free")
                    .contains("slot  0  request 0    prefill    3 tokens,     3 computed  ▪")
                    .contains("request 0 joined");
            assertThat(Objects.requireNonNull(engine.step()).rows().getFirst().work())
                    .isEqualTo(StepReport.Work.DECODE);
            StepReport last = Objects.requireNonNull(engine.step());
            assertThat(last.ended()).containsExactly(new StepReport.Ended(0, FinishReason.LENGTH));
            assertThat(last.phases().seconds()).isPositive();
            assertThat(engine.step()).isNull();
        }
        try (Engine engine = engine(EngineOptions.standard(), false)) {
            assertThatThrownBy(engine::step).hasMessageContaining("Engine.manual");
        }
    }

    @Test
    void metricsCount() {
        try (Engine engine = engine(EngineOptions.standard(), true)) {
            for (int i = 0; i < 10; i++) {
                engine.submit(EngineRequest.tokens(PROMPT).maxTokens(20).ignoreEnd());
            }
            engine.step();
            assertThat(engine.metrics().running()).isEqualTo(10);
            engine.steps();
            EngineMetrics metrics = engine.metrics();
            assertThat(metrics.submitted()).isEqualTo(10);
            assertThat(metrics.ended()).containsEntry(FinishReason.LENGTH, 10L);
            assertThat(metrics.generatedTokens()).isEqualTo(200);
            assertThat(metrics.promptTokens()).isEqualTo(30);
            assertThat(metrics.computedTokens()).isGreaterThanOrEqualTo(10 * 22);
            assertThat(metrics.firstToken().count()).isEqualTo(10);
            assertThat(metrics.interToken().count()).isEqualTo(190);
            assertThat(metrics.tokensPerSecond()).isPositive();
            assertThat(metrics.running()).isZero();
        }
    }

    @Test
    void aChromeTraceOfEveryStep(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("trace.json");
        try (ChromeTrace trace = new ChromeTrace(file);
                Engine engine = engine(EngineOptions.standard().with((StepListener) trace), true)) {
            engine.submit(EngineRequest.tokens(PROMPT).maxTokens(5).ignoreEnd());
            engine.steps();
        }
        JsonNode events = new ObjectMapper().readTree(Files.readString(file)).get("traceEvents");
        List<String> names =
                events.valueStream().map(e -> e.get("name").asString()).toList();
        assertThat(names)
                .contains("model", "request 0: prefill 3", "request 0: decode 1", "pages", "request 0 ended: length");
        assertThat(names).filteredOn(name -> name.equals("model")).hasSize(5);
    }

    @Test
    void flightRecorderEvents(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("engine.jfr");
        try (Recording recording = new Recording()) {
            recording.enable("tinyllm.Step");
            recording.enable("tinyllm.Pages");
            recording.enable("tinyllm.Request");
            recording.start();
            try (Engine engine = engine(EngineOptions.standard(), true)) {
                engine.submit(EngineRequest.tokens(PROMPT).maxTokens(5).ignoreEnd());
                engine.steps();
            }
            recording.dump(file);
        }
        List<RecordedEvent> events = RecordingFile.readAllEvents(file);
        assertThat(events)
                .filteredOn(e -> e.getEventType().getName().equals("tinyllm.Step"))
                .hasSize(5);
        assertThat(events.stream()
                        .filter(e -> e.getEventType().getName().equals("tinyllm.Pages"))
                        .mapToInt(e -> e.getInt("pages"))
                        .sum())
                .as("pages taken and given back")
                .isZero();
        assertThat(events)
                .filteredOn(e -> e.getEventType().getName().equals("tinyllm.Request"))
                .singleElement()
                .satisfies(e -> assertThat(e.getString("reason")).isEqualTo("length"));
    }
}
