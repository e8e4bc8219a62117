package tinyllm.engine;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Whose listener of tokens has the engine's thread: when it keeps it for too long, that request is to blame, and no other has to end.
 * For the engine's thread and its watchdog.
 */
final class Listening {
    private @Nullable ActiveRequest now;
    private @Nullable Duration exceeded;

    synchronized void begin(ActiveRequest request) {
        now = request.request.onToken == null ? null : request;
        exceeded = null;
    }

    /** Returns why its request has to end; null when the listener was fast enough. An interrupt that it ignored is taken back. */
    synchronized @Nullable GenerationException end(@Nullable Throwable thrown) {
        Duration limit = exceeded;
        now = null;
        exceeded = null;
        if (limit == null) {
            return null;
        }
        Thread.interrupted();
        return new GenerationException(
                "its listener of tokens kept the engine from its next step for " + limit + ", and was interrupted",
                thrown);
    }

    /** For the watchdog: interrupts a listener; returns false when none has the thread. */
    synchronized boolean interrupt(Thread engine, Duration limit) {
        if (now == null) {
            return false;
        }
        exceeded = limit;
        engine.interrupt();
        return true;
    }

    /** For the watchdog: who has the thread, as the end of a sentence; empty when no listener has it. */
    synchronized String culprit() {
        return now == null ? "" : " since the listener of request " + now.id + " does not";
    }
}
