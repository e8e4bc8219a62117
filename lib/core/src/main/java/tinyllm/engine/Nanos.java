package tinyllm.engine;

import java.time.Duration;

/** Durations as counts that can be added to {@link System#nanoTime()}: the sum is still ahead of it, however long they are. */
final class Nanos {
    /** 73 years, which is for ever. */
    private static final long MOST = Long.MAX_VALUE / 4;

    private Nanos() {}

    /** Between 0, for a negative one, and 73 years. */
    static long of(Duration duration) {
        if (duration.isNegative()) {
            return 0;
        }
        return duration.compareTo(Duration.ofNanos(MOST)) >= 0 ? MOST : duration.toNanos();
    }
}
