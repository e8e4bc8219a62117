package tinyllm.load;

import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.locks.LockSupport;

/** One run of a load: it owns the connections and the threads. Used by one thread. */
final class Loop implements AutoCloseable {

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("load-limit").factory());
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(30))
            .executor(threads)
            .build();
    private final Duration limit;
    private final Watcher watcher;
    private long origin;

    /** @param limit of time for one answer */
    Loop(Duration limit, Watcher watcher) {
        this.limit = limit;
        this.watcher = watcher;
    }

    HttpClient client() {
        return client;
    }

    /** Each is sent when it arrives. */
    List<Sample> open(List<Asking> all) throws InterruptedException {
        origin = System.nanoTime();
        List<Future<Sample>> answers = new ArrayList<>();
        for (Asking one : all) {
            double planned = one.wanted().arrives();
            sleepUntil(planned);
            answers.add(threads.submit(() -> ask(one, planned)));
            watcher.sent(one.request());
        }
        List<Sample> samples = new ArrayList<>();
        for (Future<Sample> answer : answers) {
            Sample sample = get(answer);
            samples.add(sample);
            watcher.ended(sample);
        }
        return samples;
    }

    /** Each is sent when one of so many clients is free. */
    List<Sample> closed(int clients, List<Asking> all) throws InterruptedException {
        origin = System.nanoTime();
        Queue<Asking> left = new ConcurrentLinkedQueue<>(all);
        Queue<Sample> samples = new ConcurrentLinkedQueue<>();
        List<Future<?>> busy = new ArrayList<>();
        for (int i = 0; i < clients; i++) {
            busy.add(threads.submit(() -> {
                for (Asking next = left.poll(); next != null; next = left.poll()) {
                    watcher.sent(next.request());
                    Sample sample = ask(next, now());
                    samples.add(sample);
                    watcher.ended(sample);
                }
            }));
        }
        for (Future<?> one : busy) {
            get(one);
        }
        return samples.stream().sorted(Comparator.comparingInt(Sample::request)).toList();
    }

    /** One, by the calling thread. */
    Sample alone(Asking one) throws InterruptedException {
        origin = System.nanoTime();
        Sample sample = ask(one, 0);
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        return sample;
    }

    private Sample ask(Asking one, double planned) {
        return one.ask(client, timer, origin, planned, limit);
    }

    private double now() {
        return (System.nanoTime() - origin) / 1e9;
    }

    private void sleepUntil(double seconds) throws InterruptedException {
        for (double left = seconds - now(); left > 0; left = seconds - now()) {
            LockSupport.parkNanos((long) (left * 1e9));
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
        }
    }

    private static <T> T get(Future<T> future) throws InterruptedException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("a request of the load failed in the load itself", e.getCause());
        }
    }

    /** Drops what is still on its way. */
    @Override
    public void close() {
        timer.shutdownNow();
        client.shutdownNow();
        threads.shutdownNow();
        threads.close();
        client.close();
    }
}
