package tinyllm.server.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tinyllm.sampling.grammar.GrammarException;
import tinyllm.server.http.HttpException;

/** Schemas that take long: two at once, a bounded number behind them, none of them on the thread that asks. */
@Timeout(30)
class SchemaThreadsTest {

    @Test
    void worksOnAPlatformThreadOfItsOwn() throws InterruptedException {
        SchemaThreads threads = new SchemaThreads();
        List<Thread> seen = new ArrayList<>();
        Thread asking = Thread.ofVirtual().start(() -> seen.add(threads.call(Thread::currentThread)));
        asking.join();
        assertThat(seen.getFirst().isVirtual()).isFalse();
        assertThat(seen.getFirst().isDaemon()).isTrue();
        assertThat(seen.getFirst().getName()).startsWith("tinyllm-schema-");
    }

    @Test
    void whoWaitsTooLongOrFindsTooManyIsToldToAskAgain() throws InterruptedException {
        SchemaThreads threads = new SchemaThreads(1, 300);
        CountDownLatch begun = new CountDownLatch(2);
        CountDownLatch release = new CountDownLatch(1);
        AtomicInteger late = new AtomicInteger();
        List<Thread> asking = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            asking.add(Thread.ofVirtual()
                    .start(() -> busy(threads, () -> {
                        begun.countDown();
                        release.await();
                        return 0;
                    })));
        }
        begun.await();
        asking.add(Thread.ofVirtual().start(() -> busy(threads, late::incrementAndGet)));
        for (Thread thread : asking) {
            thread.join();
        }
        release.countDown();
        assertThat(threads.call(() -> 7)).isEqualTo(7);
        assertThat(late).hasValue(0); // it was taken back before it began
    }

    @Test
    void aFullQueueRefusesAtOnce() throws InterruptedException {
        SchemaThreads threads = new SchemaThreads(1, 20_000);
        CountDownLatch begun = new CountDownLatch(2);
        CountDownLatch release = new CountDownLatch(1);
        for (int i = 0; i < 2; i++) {
            Thread.ofVirtual()
                    .start(() -> threads.call(() -> {
                        begun.countDown();
                        release.await();
                        return 0;
                    }));
        }
        begun.await();
        List<HttpException> refused = new ArrayList<>();
        List<Thread> asking = new ArrayList<>();
        for (int i = 0; i < 2; i++) { // one of them has a place in the queue
            asking.add(Thread.ofVirtual().start(() -> {
                HttpException problem = catchThrowableOfType(HttpException.class, () -> threads.call(() -> 1));
                if (problem != null) {
                    synchronized (refused) {
                        refused.add(problem);
                        release.countDown();
                    }
                }
            }));
        }
        for (Thread thread : asking) {
            thread.join();
        }
        assertThat(refused).hasSize(1);
        assertThat(refused.getFirst().status()).isEqualTo(429);
    }

    private static void busy(SchemaThreads threads, Callable<Integer> work) {
        HttpException problem = catchThrowableOfType(HttpException.class, () -> threads.call(work));
        assertThat(problem.status()).isEqualTo(429);
        assertThat(problem.retryAfter()).isPositive();
    }

    /** Whatever breaks is the request's fault alone, and names its field. */
    @Test
    void whateverBreaksNamesTheField() {
        assertThat(refused(() -> {
                    throw new GrammarException("no value");
                }))
                .hasMessage("the.field: no value");
        assertThat(refused(() -> {
                    throw new IndexOutOfBoundsException("inner");
                }))
                .hasMessageContaining("the.field: the schema can't be used")
                .hasMessageNotContaining("inner");
        assertThat(refused(() -> endless(0))).hasMessageContaining("the.field: the schema can't be used");
        HttpException own = HttpException.field("other", "other is wrong");
        assertThat(refused(() -> {
                    throw own;
                }))
                .isSameAs(own);
        assertThatThrownBy(() -> new SchemaThreads().call(() -> {
                    throw own;
                }))
                .isSameAs(own);
    }

    private static HttpException refused(Callable<Integer> step) {
        HttpException problem =
                catchThrowableOfType(HttpException.class, () -> SchemaThreads.checked("the.field", step));
        assertThat(problem.status()).isEqualTo(400);
        return problem;
    }

    @SuppressWarnings("InfiniteRecursion")
    private static int endless(int depth) {
        return endless(depth + 1) + 1;
    }

    @Test
    void remembersByWeight() {
        SchemaCache<Integer> cache = new SchemaCache<>(3, 100);
        cache.put("a", 1, 40);
        cache.put("b", 2, 40);
        assertThat(cache.get("a")).isEqualTo(1);
        cache.put("c", 3, 40); // b was used longest ago
        assertThat(cache.get("b")).isNull();
        assertThat(cache.weight()).isEqualTo(80);
        cache.put("huge", 4, 101);
        assertThat(cache.get("huge")).isNull();
        assertThat(cache.get("c")).isEqualTo(3);
        cache.put("a", 5, 10);
        assertThat(cache.weight()).isEqualTo(50);
        cache.put("d", 6, 1);
        cache.put("e", 7, 1);
        assertThat(cache.size()).isEqualTo(3);
        assertThat(cache.get("c")).isNull();
    }
}
