package tinyllm.bench;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** Watches anonymous memory while something runs. Owned by the thread that opened it. */
final class PeakMemory implements AutoCloseable {

    private static final Duration EVERY = Duration.ofMillis(2);

    private final long before = ProcessMemory.anonymous();
    private final Thread sampler =
            Thread.ofPlatform().daemon().name("peak-memory").unstarted(this::watch);
    private volatile long peak = before;
    private volatile boolean done;

    private PeakMemory() {}

    static PeakMemory watching() {
        PeakMemory memory = new PeakMemory();
        memory.sampler.start();
        return memory;
    }

    /** Bytes when the watch began; -1 where the system does not say. */
    long before() {
        return before;
    }

    /** The highest sample so far in bytes; -1 where the system does not say. */
    long peak() {
        return Math.max(peak, ProcessMemory.anonymous());
    }

    private void watch() {
        while (!done) {
            peak = Math.max(peak, ProcessMemory.anonymous());
            LockSupport.parkNanos(EVERY.toNanos());
        }
    }

    @Override
    public void close() {
        done = true;
        LockSupport.unpark(sampler);
    }
}
