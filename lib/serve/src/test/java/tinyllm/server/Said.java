package tinyllm.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;

/** What this process writes to standard error, the log among it, while this is open. */
public final class Said implements AutoCloseable {

    private final PrintStream before = System.err;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    public Said() {
        System.setErr(new PrintStream(bytes, true, UTF_8));
    }

    /** All of it so far. */
    public String text() {
        return bytes.toString(UTF_8);
    }

    /** The same, once it holds these words, or after five seconds. */
    public String after(String words) throws InterruptedException {
        for (int i = 0; i < 500 && !text().contains(words); i++) {
            Thread.sleep(10);
        }
        return text();
    }

    @Override
    public void close() {
        System.setErr(before);
    }
}
