package tinyllm.server.openai;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tinyllm.sampling.grammar.GrammarException;
import tinyllm.sampling.json.SchemaException;
import tinyllm.server.http.HttpException;

/**
 * Where schemas are made ready. Requests run on virtual threads, which keep their carrier while they compute: as many hard schemas as there
 * are cores would stop every connection. Here they wait for each other, a bounded number for a bounded time. Safe for many threads.
 */
final class SchemaThreads {
    private static final Logger LOG = LoggerFactory.getLogger("tinyllm.server");

    private static final int THREADS = 2;
    private static final int WAITING = 64;
    private static final int SECONDS = 15;

    private static final int IDLE_SECONDS = 10;

    private final AtomicInteger serial = new AtomicInteger();
    private final ThreadPoolExecutor threads;
    private final long millis;

    SchemaThreads() {
        this(WAITING, SECONDS * 1_000L);
    }

    /**
     * @param waiting schemas that may wait for a thread
     * @param millis that a request waits until its schema is ready
     */
    SchemaThreads(int waiting, long millis) {
        this.millis = millis;
        threads = new ThreadPoolExecutor(
                THREADS,
                THREADS,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(waiting),
                work -> Thread.ofPlatform()
                        .name("tinyllm-schema-" + serial.incrementAndGet())
                        .daemon()
                        .unstarted(work));
        threads.allowCoreThreadTimeOut(true);
    }

    /**
     * Waits for what another thread makes.
     *
     * @throws HttpException what the work throws, or 429 when too many wait or it takes too long
     */
    <T> T call(Callable<T> work) {
        try {
            FutureTask<T> task = new FutureTask<>(work);
            threads.execute(task);
            try {
                return task.get(millis, TimeUnit.MILLISECONDS);
            } finally {
                if (task.cancel(false)) { // one that has not begun never does, and leaves its place to others
                    threads.remove(task);
                }
            }
        } catch (RejectedExecutionException | TimeoutException e) {
            throw busy();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw busy();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof HttpException problem) {
                throw problem;
            }
            throw new IllegalStateException("a schema could not be made ready", e.getCause());
        }
    }

    private static HttpException busy() {
        return new HttpException(429, "the server is busy with other requests' schemas: ask again")
                .code("schemas_busy")
                .retryAfter(1);
    }

    /**
     * What a step of making a schema ready gives.
     *
     * @param field where the request holds the schema
     * @throws HttpException 400 naming the field, whatever goes wrong: one schema fails its own request alone
     */
    static <T> T checked(String field, Callable<T> step) {
        try {
            return step.call();
        } catch (HttpException e) {
            throw e;
        } catch (SchemaException | GrammarException e) {
            throw HttpException.field(field, field + ": " + e.getMessage());
        } catch (StackOverflowError e) { // a thousand lines of one method are no use in a log
            LOG.warn("the schema in {} is nested too deep for what reads it", field);
            throw broken(field);
        } catch (Exception e) {
            LOG.warn("the schema in {} broke what reads it", field, e);
            throw broken(field);
        }
    }

    private static HttpException broken(String field) {
        return HttpException.field(
                field, field + ": the schema can't be used: it is combined or nested in a way that is not supported");
    }
}
