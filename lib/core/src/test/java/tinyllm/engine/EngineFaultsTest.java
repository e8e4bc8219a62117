package tinyllm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tinyllm.model.Chunk;
import tinyllm.sampling.SamplingParams;
import tinyllm.text.ByteTokenizer;
import tinyllm.text.TemplateText;
import tinyllm.text.Tokenizer;

/** What breaks in a step, and who notices: never an engine that lives and answers nobody. */
@Timeout(20)
class EngineFaultsTest {

    private static final Duration SOON = Duration.ofSeconds(5);
    private static final int[] GOOD = {50, 60, 70};

    private final FakeModel model = new FakeModel(400, 60, 4);

    private Engine engine(boolean manual) {
        return new Engine(null, model, EngineOptions.standard(), manual);
    }

    private static EngineRequest request(int... prompt) {
        return EngineRequest.tokens(prompt).maxTokens(30).ignoreEnd();
    }

    private void serves(Engine engine) throws Exception {
        RequestHandle good = engine.submit(EngineRequest.tokens(GOOD).maxTokens(30));
        assertThat(good.result(SOON).tokens()).isEqualTo(FakeModel.expected(GOOD, SamplingParams.GREEDY, 30));
        assertThat(engine.health().state()).isEqualTo(EngineHealth.State.SERVING);
        model.pool.check();
    }

    static Stream<Supplier<Throwable>> throwables() {
        return Stream.of(
                () -> new IllegalStateException("injected"),
                () -> new OutOfMemoryError("injected"),
                () -> new StackOverflowError("injected"),
                () -> new AssertionError("injected"),
                () -> new Error("injected"));
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void raise(Throwable e) throws T {
        throw (T) e;
    }

    /** The tenth step fails whenever a certain request is in it: that one is blamed, the others don't notice. */
    @ParameterizedTest
    @MethodSource("throwables")
    void oneRequestIsBlamed(Supplier<Throwable> what) throws Exception {
        try (Engine engine = engine(true)) {
            RequestHandle a = engine.submit(request(30));
            RequestHandle bad = engine.submit(request(99, 98));
            RequestHandle b = engine.submit(request(40, 41));
            model.fault = chunks -> {
                if (model.calls >= 10 && chunks.stream().anyMatch(c -> c.tokens().length > 0 && isOf(c, 99))) {
                    raise(what.get());
                }
            };
            engine.steps();
            assertThat(bad.finishReason()).isEqualTo(FinishReason.ERROR);
            assertThat(bad.error()).hasMessage("injected");
            assertThat(a.result().tokens()).hasSize(30);
            assertThat(b.result().tokens()).hasSize(30);
            assertThat(model.resets).isZero();
            model.fault = chunks -> {};
            serves(engine);
        }
        assertThat(model.pool.used()).isZero();
    }

    private static boolean isOf(Chunk chunk, int first) {
        FakeModel.Cache cache = (FakeModel.Cache) chunk.cache();
        return cache.length() > 0 && cache.text()[0] == first;
    }

    /** The model itself is broken for a while: all fail at once, new ones are refused with a sentence, and then it serves again. */
    @ParameterizedTest
    @MethodSource("throwables")
    @Tag("slow")
    void allFailAndTheEngineRestarts(Supplier<Throwable> what) throws Exception {
        AtomicBoolean broken = new AtomicBoolean();
        model.fault = chunks -> {
            pause();
            if (broken.get()) {
                raise(what.get());
            }
        };
        CountDownLatch running = new CountDownLatch(1);
        try (Engine engine = engine(false)) {
            List<RequestHandle> handles = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                handles.add(
                        engine.submit(EngineRequest.tokens(30 + i).ignoreEnd().onToken(t -> running.countDown())));
            }
            assertThat(running.await(5, TimeUnit.SECONDS)).isTrue();
            long start = System.nanoTime();
            broken.set(true);
            for (RequestHandle handle : handles) {
                assertThatThrownBy(() -> handle.result(SOON))
                        .isInstanceOf(GenerationException.class)
                        .hasMessageContaining("the engine failed, and with it all requests")
                        .hasMessageContaining("injected");
            }
            assertThat(System.nanoTime() - start).isLessThan(1_000_000_000L);
            assertThat(engine.health().state()).isEqualTo(EngineHealth.State.RESTARTING);
            assertThatThrownBy(() -> engine.submit(request(30)))
                    .isInstanceOfSatisfying(
                            RefusedException.class,
                            e -> assertThat(e.reason()).isEqualTo(RefusedException.Reason.UNHEALTHY))
                    .hasMessageContaining("injected");
            broken.set(false);
            for (int i = 0; i < 100 && !engine.health().serves(); i++) {
                Thread.sleep(20);
            }
            assertThat(engine.health().restarts()).isPositive();
            serves(engine);
        }
        assertThat(model.pool.used()).isZero();
    }

    /** A fault that never comes again costs nobody anything. */
    @Test
    void aFaultThatPasses() throws Exception {
        try (Engine engine = engine(true)) {
            RequestHandle a = engine.submit(request(30));
            RequestHandle b = engine.submit(request(40));
            model.fault = chunks -> {
                if (model.calls == 7) {
                    throw new IllegalStateException("once");
                }
            };
            engine.steps();
            assertThat(a.result().tokens()).hasSize(30);
            assertThat(b.result().tokens()).hasSize(30);
            serves(engine);
        }
    }

    @Test
    void aSchedulerThatThrowsOrPlansNonsense() throws Exception {
        List<SchedulerStep> bad = List.of(
                (state, policy) -> {
                    throw new ArithmeticException("my scheduler");
                },
                (state, policy) -> {
                    throw new StackOverflowError("my scheduler");
                },
                (state, policy) -> StepPlan.IDLE,
                (state, policy) -> new StepPlan(List.of(77L), List.of(), List.of()));
        for (SchedulerStep wrong : bad) {
            AtomicBoolean broken = new AtomicBoolean();
            SchedulerStep step =
                    (state, policy) -> broken.get() ? wrong.plan(state, policy) : new Scheduler().plan(state, policy);
            try (Engine engine =
                    new Engine(null, model, EngineOptions.standard().with(step), true)) {
                RequestHandle handle = engine.submit(request(30));
                engine.step();
                broken.set(true);
                assertThat(engine.step()).isNull();
                assertThat(handle.finishReason()).isEqualTo(FinishReason.ERROR);
                assertThat(engine.health().lastFailure()).isNotEmpty();
                broken.set(false);
                serves(engine);
            }
        }
    }

    @Test
    void aDetokenizerThatThrows() throws Exception {
        Tokenizer bytes = ByteTokenizer.create();
        model.tokenizer = new Tokenizer() {
            @Override
            public int[] encode(String text) {
                return bytes.encode(text);
            }

            @Override
            public int[] encode(TemplateText text) {
                return bytes.encode(text);
            }

            @Override
            public int[] encodeWithSpecials(String text) {
                return bytes.encodeWithSpecials(text);
            }

            @Override
            public String decode(int... ids) {
                return bytes.decode(ids);
            }

            @Override
            public byte[] bytes(int id) {
                if (model.calls == 10) {
                    throw new StackOverflowError("detokenizer");
                }
                return bytes.bytes(id);
            }

            @Override
            public boolean isSpecial(int id) {
                return bytes.isSpecial(id);
            }

            @Override
            public int vocabSize() {
                return bytes.vocabSize();
            }
        };
        try (Engine engine = engine(true)) {
            RequestHandle handle = engine.submit(request(30));
            engine.steps();
            assertThat(handle.error()).isInstanceOf(StackOverflowError.class);
            serves(engine);
        }
    }

    @Test
    void aListenerThatThrowsEndsItsRequestAlone() throws Exception {
        try (Engine engine = engine(true)) {
            RequestHandle other = engine.submit(request(30));
            RequestHandle handle = engine.submit(request(40).onToken(token -> {
                if (token.index() == 4) {
                    throw new IllegalStateException("the caller's own");
                }
            }));
            engine.steps();
            assertThat(handle.finishReason()).isEqualTo(FinishReason.ERROR);
            assertThat(handle.error()).hasMessage("the caller's own");
            assertThat(other.result().tokens()).hasSize(30);
            serves(engine);
        }
    }

    @Test
    void brokenLogitsEndTheirRequestAlone() throws Exception {
        model.poison = 99;
        try (Engine engine = engine(true)) {
            RequestHandle other =
                    engine.submit(EngineRequest.tokens(30).maxTokens(1).ignoreEnd());
            RequestHandle handle = engine.submit(request(99));
            engine.steps();
            assertThatThrownBy(handle::result)
                    .isInstanceOf(GenerationException.class)
                    .hasMessageContaining("stopped after 0 tokens")
                    .hasMessageContaining("NaN");
            assertThat(other.result().tokens()).hasSize(1);
        }
    }

    @Test
    void aListenerOfStepsThatThrowsHarmsNobody() throws Exception {
        StepListener broken = report -> {
            throw new IllegalStateException("picture");
        };
        try (Engine engine = new Engine(null, model, EngineOptions.standard().with(broken), true)) {
            serves(engine);
            assertThat(engine.health().lastFailure()).contains("picture");
        }
    }

    /** A step that can be interrupted is, and everybody learns of it. */
    @Test
    void theWatchdogInterruptsAStep() throws Exception {
        AtomicBoolean hang = new AtomicBoolean(true);
        model.fault = chunks -> {
            if (hang.getAndSet(false)) {
                sleep();
            }
        };
        var options = EngineOptions.standard().withStepLimit(Duration.ofMillis(100));
        try (Engine engine = new Engine(null, model, options, false)) {
            RequestHandle handle = engine.submit(request(30));
            assertThatThrownBy(() -> handle.result(SOON)).hasMessageContaining("has not returned for PT0.1S");
            for (int i = 0; i < 100 && !engine.health().serves(); i++) {
                Thread.sleep(20);
            }
            serves(engine);
        }
    }

    /** So that requests are still there when something happens to them. */
    private static void pause() {
        try {
            Thread.sleep(2);
        } catch (InterruptedException e) {
            throw new CancellationException("interrupted");
        }
    }

    private static void sleep() {
        try {
            Thread.sleep(60_000);
        } catch (InterruptedException e) {
            throw new CancellationException("interrupted");
        }
    }

    /** A step that nothing stops: nobody waits for it, and when it returns after all, the engine serves again. */
    @Test
    void theWatchdogGivesAStepUp() throws Exception {
        AtomicBoolean hang = new AtomicBoolean(true);
        model.fault = chunks -> {
            while (hang.get()) {
                Thread.onSpinWait();
            }
        };
        var options = EngineOptions.standard().withStepLimit(Duration.ofMillis(100));
        try (Engine engine = new Engine(null, model, options, false)) {
            RequestHandle handle = engine.submit(request(30));
            assertThatThrownBy(() -> handle.result(SOON)).hasMessageContaining("the engine hangs");
            assertThat(engine.health().state()).isEqualTo(EngineHealth.State.HANGING);
            assertThat(engine.health().stepSeconds()).isGreaterThan(0.1);
            assertThatThrownBy(() -> engine.submit(request(30))).hasMessageContaining("has not returned");
            hang.set(false);
            for (int i = 0; i < 100 && !engine.health().serves(); i++) {
                Thread.sleep(20);
            }
            serves(engine);
        }
        assertThat(model.pool.used()).isZero();
    }

    @Test
    void closingWhileAStepHangs() throws Exception {
        AtomicBoolean hang = new AtomicBoolean(true);
        CountDownLatch inStep = new CountDownLatch(1);
        model.fault = chunks -> {
            inStep.countDown();
            while (hang.get()) {
                Thread.onSpinWait();
            }
        };
        var options = EngineOptions.standard().withStepLimit(Duration.ofMillis(50));
        Engine engine = new Engine(null, model, options, false);
        RequestHandle handle = engine.submit(request(30));
        assertThat(inStep.await(5, TimeUnit.SECONDS)).isTrue();
        engine.close();
        assertThat(handle.isDone()).isTrue();
        assertThat(model.closed).as("nobody frees what a step writes to").isFalse();
        hang.set(false);
    }

    @Test
    void anInterruptOfAManualStepLosesNothing() {
        try (Engine engine = engine(true)) {
            RequestHandle handle = engine.submit(EngineRequest.tokens(GOOD).maxTokens(30));
            model.fault = chunks -> {
                if (model.calls == 5) {
                    throw new CancellationException("interrupted before layer 3");
                }
            };
            assertThatThrownBy(engine::steps).isInstanceOf(CancellationException.class);
            assertThat(handle.isDone()).isFalse();
            assertThat(handle.result().tokens()).isEqualTo(FakeModel.expected(GOOD, SamplingParams.GREEDY, 30));
        }
    }

    @Test
    void anInterruptWhileSomebodyIsBlamedLosesNothing() {
        try (Engine engine = engine(true)) {
            RequestHandle a = engine.submit(EngineRequest.tokens(GOOD).maxTokens(30));
            RequestHandle b = engine.submit(EngineRequest.tokens(51).maxTokens(30));
            model.fault = chunks -> {
                if (model.calls == 5) {
                    throw new IllegalStateException("once");
                }
                if (model.calls == 7) { // the second of the two, alone
                    throw new CancellationException("interrupted before layer 3");
                }
            };
            assertThatThrownBy(engine::steps).isInstanceOf(CancellationException.class);
            assertThat(a.result().tokens()).isEqualTo(FakeModel.expected(GOOD, SamplingParams.GREEDY, 30));
            assertThat(b.result().tokens()).isEqualTo(FakeModel.expected(new int[] {51}, SamplingParams.GREEDY, 30));
        }
    }

    @Test
    void deadlines() {
        int[] prompt = new int[200];
        Arrays.fill(prompt, 44);
        var policy = SchedulerPolicy.standard().withStepTokens(16);
        try (Engine engine = new Engine(null, model, EngineOptions.standard().with(policy), true)) {
            RequestHandle none = engine.submit(request(30).deadline(Duration.ZERO));
            RequestHandle reading = engine.submit(EngineRequest.tokens(prompt).deadline(Duration.ofMillis(30)));
            RequestHandle far = engine.submit(request(30).deadline(Duration.ofDays(100_000)));
            model.fault = chunks -> {
                if (model.calls == 4) {
                    try {
                        Thread.sleep(40);
                    } catch (InterruptedException e) {
                        throw new CancellationException();
                    }
                }
            };
            engine.steps();
            assertThat(none.error()).hasMessage("its deadline of PT0S passed after 0 tokens");
            assertThat(reading.error()).hasMessage("its deadline of PT0.03S passed after 0 tokens");
            assertThat(far.finishReason()).isEqualTo(FinishReason.LENGTH);
        }
        assertThat(model.pool.used()).isZero();
    }
}
