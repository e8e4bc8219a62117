package tinyllm.lab.check;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Collects what one thread prints while a check runs, up to a limit; other threads print as before. After {@link #forbid} a
 * print on that thread throws, which ends a loop that prints for ever.
 */
@SuppressWarnings("ReferenceEquality") // this very stream, this very thread
final class QuietOutput implements AutoCloseable {

    static final int LIMIT = 8_000;

    private final PrintStream out = System.out;
    private final PrintStream err = System.err;
    private final PrintStream filteredOut = new PrintStream(new Filter(out), true, StandardCharsets.UTF_8);
    private final PrintStream filteredErr = new PrintStream(new Filter(err), true, StandardCharsets.UTF_8);
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
    private volatile @Nullable Thread thread;
    private volatile boolean forbidden;
    private long dropped;

    QuietOutput() {
        System.setOut(filteredOut);
        System.setErr(filteredErr);
    }

    /** The thread whose output is collected. */
    void watch(Thread watched) {
        thread = watched;
    }

    void forbid() {
        forbidden = true;
    }

    /** What was printed, with a line that says how much was left out. */
    synchronized String text() {
        String text = kept.toString(StandardCharsets.UTF_8);
        return dropped == 0 ? text : text + "\n… " + dropped + " more bytes were printed and left out.";
    }

    /** Gives the streams back, unless somebody else has replaced them meanwhile. */
    @Override
    public void close() {
        if (System.out == filteredOut) {
            System.setOut(out);
        }
        if (System.err == filteredErr) {
            System.setErr(err);
        }
    }

    private synchronized void keep(byte[] bytes, int from, int length) {
        int room = Math.min(length, LIMIT - kept.size());
        if (room > 0) {
            kept.write(bytes, from, room);
        }
        dropped += length - Math.max(room, 0);
    }

    private final class Filter extends OutputStream {
        private final PrintStream target;

        Filter(PrintStream target) {
            this.target = target;
        }

        @Override
        public void write(int b) {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int length) {
            if (Thread.currentThread() != thread) {
                target.write(bytes, from, length);
            } else if (forbidden) {
                throw new IllegalStateException("the check is over, its time is up");
            } else {
                keep(bytes, from, length);
            }
        }

        @Override
        public void flush() {
            if (Thread.currentThread() != thread) {
                target.flush();
            }
        }
    }
}
