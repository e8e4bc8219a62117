package tinyllm.weights;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;

/** Closes a stream that has been silent for a minute, which ends the read that waits on it. */
final class Watchdog implements AutoCloseable {
    private static final Duration SILENCE = Duration.ofSeconds(60);

    private final Thread thread;
    private volatile long lastSign = System.nanoTime();

    Watchdog(InputStream stream) {
        thread = Thread.ofVirtual().start(() -> watch(stream));
    }

    void alive() {
        lastSign = System.nanoTime();
    }

    private void watch(InputStream stream) {
        try {
            while (System.nanoTime() - lastSign < SILENCE.toNanos()) {
                Thread.sleep(1000);
            }
            stream.close();
        } catch (InterruptedException e) {
            // closed in time
        } catch (IOException e) {
            // the reader hears of it itself
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
