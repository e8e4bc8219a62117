package tinyllm.lab;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** What a piece of Java takes from the heap, whether it is freed again or not (chapter 2.4). */
public final class Allocated {

    private Allocated() {}

    /**
     * Bytes of all objects and arrays that the body makes on this thread; those of other threads are not seen.
     *
     * @throws IllegalStateException when this Java machine does not count them
     */
    public static long bytes(Runnable body) {
        if (!(ManagementFactory.getThreadMXBean() instanceof ThreadMXBean threads)
                || !threads.isThreadAllocatedMemorySupported()) {
            throw new IllegalStateException(
                    "this Java machine does not count what a thread allocates: take OpenJDK's HotSpot");
        }
        long before = threads.getCurrentThreadAllocatedBytes();
        body.run();
        return threads.getCurrentThreadAllocatedBytes() - before;
    }
}
