package tinyllm.weights.format;

import java.lang.management.ManagementFactory;

/** Counts the bytes that this thread allocates on the heap. */
final class Allocations {
    private Allocations() {}

    static long during(Runnable body) {
        com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        body.run();
        return threads.getCurrentThreadAllocatedBytes() - before;
    }
}
