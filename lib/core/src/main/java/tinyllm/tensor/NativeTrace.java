package tinyllm.tensor;

import org.jspecify.annotations.Nullable;

/**
 * How long this process is inside native code: evaluating graphs, and in the calls that build them (chapter 4.6). What is left of the
 * wall time is Java's and JavaCPP's. One trace at a time; without one nothing is measured.
 */
public final class NativeTrace implements AutoCloseable {
    private static volatile @Nullable NativeTrace current;

    private long evaluating;
    private long calling;
    private long calls;
    private long begun = System.nanoTime();

    private NativeTrace() {}

    /**
     * @param wall nanoseconds since the trace began
     * @param evaluating of them, spent in evaluations
     * @param calling in other native calls
     * @param calls how many of both
     */
    public record Times(long wall, long evaluating, long calling, long calls) {

        /** The share of the wall time that was spent outside of native code. */
        public double javaShare() {
            return (double) (wall - evaluating - calling) / wall;
        }
    }

    /** Begins to measure; replaces a trace that somebody else has begun. */
    public static NativeTrace begin() {
        NativeTrace trace = new NativeTrace();
        current = trace;
        return trace;
    }

    /** Forgets what came before. */
    public void restart() {
        DeviceThread.locked(() -> {
            evaluating = calling = calls = 0;
            begun = System.nanoTime();
            return null;
        });
    }

    /** So far. */
    public Times times() {
        return DeviceThread.locked(() -> new Times(System.nanoTime() - begun, evaluating, calling, calls));
    }

    @Override
    public void close() {
        if (current == this) {
            current = null;
        }
    }

    /** The moment before a native call, or 0 when nobody asks. The lock of {@link DeviceThread} is held. */
    static long before() {
        return current == null ? 0 : System.nanoTime();
    }

    /** Adds a native call that began at {@code before}. */
    static void after(long before, boolean evaluation) {
        NativeTrace trace = current;
        if (trace == null || before == 0) {
            return;
        }
        long took = System.nanoTime() - before;
        trace.calls++;
        if (evaluation) {
            trace.evaluating += took;
        } else {
            trace.calling += took;
        }
    }
}
