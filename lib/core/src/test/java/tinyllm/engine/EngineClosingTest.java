package tinyllm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Closing from everywhere and with every duration, and what callers' own code does on the engine's thread. */
@Timeout(20)
class EngineClosingTest {

    private static final Duration SOON = Duration.ofSeconds(5);

    private final FakeModel model = new FakeModel(400, 60, 4);

    private Engine engine(boolean manual) {
        return new Engine(null, model, EngineOptions.standard(), manual);
    }

    private static EngineRequest request(int... prompt) {
        return EngineRequest.tokens(prompt).maxTokens(30).ignoreEnd();
    }

    private static void fails() {
        throw new AssertionError("the caller's own");
    }

    private void isClosed() throws InterruptedException {
        for (int i = 0; i < 200 && !model.closed; i++) {
            Thread.sleep(10);
        }
        assertThat(model.closed).isTrue();
        assertThat(model.pool.used()).isZero();
    }

    @Test
    void aListenerOfTheEndThatThrowsHarmsNobody() throws Exception {
        try (Engine engine = engine(true)) {
            List<String> told = new ArrayList<>();
            RequestHandle a = engine.submit(request(30));
            RequestHandle b = engine.submit(request(40));
            a.whenDone(EngineClosingTest::fails);
            a.whenDone(() -> told.add("the next one"));
            engine.steps();
            assertThat(told).containsExactly("the next one");
            assertThat(a.result().tokens()).hasSize(30);
            assertThat(b.result().tokens()).hasSize(30);
            assertThat(model.resets).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aListenerThatThrowsWhileItCloses(boolean manual) throws Exception {
        model.fault = chunks -> LockSupport.parkNanos(5_000_000); // so that all are open when it closes
        Engine engine = engine(manual);
        List<RequestHandle> handles = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            RequestHandle handle =
                    engine.submit(EngineRequest.tokens(30 + i).maxTokens(200).ignoreEnd());
            handle.whenDone(EngineClosingTest::fails);
            handles.add(handle);
        }
        engine.close();
        assertThat(handles).allMatch(handle -> handle.finishReason() != null);
        isClosed();
    }

    @ParameterizedTest
    @ValueSource(longs = {Long.MAX_VALUE, -1})
    void longDurations(long nanos) throws Exception {
        for (boolean manual : new boolean[] {true, false}) {
            var pages = new FakeModel(400, 60, 4);
            Engine engine = new Engine(null, pages, EngineOptions.standard(), manual);
            RequestHandle handle = engine.submit(request(30));
            engine.close(nanos < 0 ? Duration.ofSeconds(Long.MAX_VALUE) : Duration.ofNanos(nanos));
            assertThat(handle.result(Duration.ofSeconds(Long.MAX_VALUE)).tokens())
                    .hasSize(30);
            assertThat(pages.closed).isTrue();
        }
    }

    @Test
    void aStepLimitThatIsNoLimit() throws Exception {
        var options = EngineOptions.standard().withStepLimit(Duration.ofSeconds(Long.MAX_VALUE));
        Engine engine = new Engine(null, model, options, false);
        assertThat(engine.submit(request(30)).result(SOON).tokens()).hasSize(30);
        engine.close();
        isClosed();
    }

    @Test
    void nullClosesNothing() {
        try (Engine engine = engine(true)) {
            assertThatThrownBy(() -> engine.close(nothing())).isInstanceOf(NullPointerException.class);
            assertThat(engine.submit(request(30)).result().tokens()).hasSize(30);
        }
    }

    @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"})
    private static <T> T nothing() {
        return null;
    }

    /** A listener that closes its own engine waits for nothing, least of all for itself. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whoListensMayClose(boolean manual) throws Exception {
        CountDownLatch listens = new CountDownLatch(1);
        model.fault = chunks -> {
            try {
                listens.await();
            } catch (InterruptedException e) {
                throw new CancellationException("interrupted");
            }
        };
        Engine engine = engine(manual);
        RequestHandle first = engine.submit(request(30));
        RequestHandle other =
                engine.submit(EngineRequest.tokens(40).maxTokens(200).ignoreEnd());
        var took = new CompletableFuture<Double>();
        var closedWithin = new CompletableFuture<Boolean>();
        first.whenDone(() -> {
            long began = System.nanoTime();
            engine.close();
            closedWithin.complete(model.closed);
            took.complete((System.nanoTime() - began) / 1e9);
        });
        listens.countDown();
        if (manual) {
            engine.steps();
        }
        assertThat(took.get(5, TimeUnit.SECONDS)).isLessThan(1);
        assertThat(closedWithin.get()).as("closed under a step's feet").isFalse();
        isClosed();
        assertThat(first.result(SOON).tokens()).hasSize(30);
        assertThat(other.finishReason()).isEqualTo(FinishReason.CANCELLED);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void closedByATokenAfterDraining(boolean manual) throws Exception {
        Engine engine = engine(manual);
        RequestHandle first = engine.submit(request(30).onToken(token -> {
            if (token.index() == 3) {
                engine.close(Duration.ofSeconds(10));
            }
        }));
        if (manual) {
            engine.steps();
        }
        assertThat(first.result(SOON).tokens()).hasSize(30);
        isClosed();
    }

    @Test
    void aListenerOfStepsMayFailInEveryWay() throws Exception {
        StepListener broken = report -> fails();
        try (Engine engine = new Engine(null, model, EngineOptions.standard().with(broken), true)) {
            assertThat(engine.submit(request(30)).result(SOON).tokens()).hasSize(30);
            assertThat(engine.health().lastFailure()).contains("AssertionError: the caller's own");
            assertThat(model.resets).isZero();
        }
    }

    /** Nobody interrupted anything: what throws this by itself has failed, and nobody may wait for it. */
    @Test
    void aSchedulerThatCancels() throws Exception {
        SchedulerStep cancels = (state, policy) -> {
            throw new CancellationException("my own");
        };
        try (Engine engine = new Engine(null, model, EngineOptions.standard().with(cancels), false)) {
            RequestHandle handle = engine.submit(request(30));
            assertThatThrownBy(() -> handle.result(SOON)).hasMessageContaining("CancellationException: my own");
        }
    }

    @Test
    void aModelThatCancels() throws Exception {
        model.fault = chunks -> {
            if (chunks.stream().anyMatch(chunk -> chunk.tokens()[0] == 127)) {
                throw new CancellationException("my own");
            }
        };
        try (Engine engine = engine(false)) {
            RequestHandle bad = engine.submit(request(127));
            RequestHandle good = engine.submit(request(30));
            assertThatThrownBy(() -> bad.result(SOON)).hasMessageContaining("my own");
            assertThat(good.result(SOON).tokens()).hasSize(30);
        }
    }

    /** The watchdog knows whose listener has the thread, and ends that request alone. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aListenerThatBlocksEndsItsRequestAlone(boolean throwing) throws Exception {
        var options = EngineOptions.standard().withStepLimit(Duration.ofMillis(100));
        try (Engine engine = new Engine(null, model, options, false)) {
            RequestHandle slow = engine.submit(request(30).onToken(token -> {
                if (token.index() == 3) {
                    block(throwing);
                }
            }));
            RequestHandle other = engine.submit(request(40));
            assertThat(other.result(SOON).tokens()).hasSize(30);
            assertThatThrownBy(() -> slow.result(SOON))
                    .hasMessageContaining("its listener of tokens kept the engine from its next step for PT0.1S");
            assertThat(engine.health().state()).isEqualTo(EngineHealth.State.SERVING);
            assertThat(model.resets).isZero();
            assertThat(engine.submit(request(50)).result(SOON).tokens()).hasSize(30);
        }
    }

    private static void block(boolean throwing) {
        try {
            Thread.sleep(60_000);
        } catch (InterruptedException e) {
            if (throwing) {
                throw new CancellationException("interrupted");
            }
        }
    }

    /** One that no interrupt moves keeps the thread: all have to end, and hear whose listener it is. */
    @Test
    void aListenerThatNothingStops() throws Exception {
        CountDownLatch open = new CountDownLatch(1);
        var options = EngineOptions.standard().withStepLimit(Duration.ofMillis(50));
        try (Engine engine = new Engine(null, model, options, false)) {
            RequestHandle slow = engine.submit(request(30).onToken(token -> {
                while (open.getCount() > 0) {
                    Thread.onSpinWait();
                }
            }));
            RequestHandle other = engine.submit(request(40));
            assertThatThrownBy(() -> slow.result(SOON))
                    .hasMessageContaining("since the listener of request 0 does not");
            assertThatThrownBy(() -> other.result(SOON)).hasMessageContaining("the engine hangs");
            open.countDown();
            for (int i = 0; i < 100 && !engine.health().serves(); i++) {
                Thread.sleep(20);
            }
            assertThat(engine.submit(request(50)).result(SOON).tokens()).hasSize(30);
        }
    }
}
