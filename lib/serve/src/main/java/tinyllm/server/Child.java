package tinyllm.server;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The process that holds HTTP and engine together, as its supervisor speaks with it: over standard input and output, a line at a time.
 * The child says {@code loaded}, is told {@code listen PORT}, and says {@code listening PORT}; {@code stop} makes it drain. When its
 * standard input ends, its supervisor is dead, and so is the child at once.
 */
public final class Child {

    private static final Logger LOG = LoggerFactory.getLogger("tinyllm.server");

    static final String LOADED = "loaded";
    static final String LISTEN = "listen ";
    static final String LISTENING = "listening ";
    static final String STOP = "stop";

    private final LinkedBlockingQueue<String> orders = new LinkedBlockingQueue<>();
    private final PrintStream reports;

    /**
     * @param in where the supervisor's orders come from
     * @param out where reports go: nothing else may be written there
     */
    public Child(InputStream in, PrintStream out) {
        this.reports = out;
        Thread.ofPlatform().daemon().name("supervisor").start(() -> watch(in));
    }

    /** A server that listens on a port. */
    @FunctionalInterface
    public interface Listening {
        ApiServer on(int port) throws IOException;
    }

    /**
     * Serves until the supervisor says stop, or this process is told to end. Called when the model is loaded.
     *
     * @param drain that requests get to end
     */
    public void serve(Listening listening, Duration drain) throws IOException, InterruptedException {
        rehearse(listening);
        report(LOADED);
        String order = orders.take();
        if (!order.startsWith(LISTEN)) {
            return;
        }
        ApiServer server = listening.on(Integer.parseInt(order.substring(LISTEN.length())));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> server.close(drain), "drain"));
        report(LISTENING + server.port());
        while (!order.equals(STOP)) {
            order = orders.take();
        }
        LOG.info("draining for {} s at most", drain.toSeconds());
        server.close(drain);
    }

    /**
     * Starts once on a port that nobody knows, and closes again. The supervisor lets go of the real port before this process takes it: all
     * that is slow in a first start must have happened by then, or nobody would answer in between.
     */
    private static void rehearse(Listening listening) throws IOException {
        try (ApiServer server = listening.on(0)) {
            Standby.askOnce(server.port());
        }
    }

    private void report(String line) {
        reports.println(line);
        reports.flush();
    }

    private void watch(InputStream in) {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                orders.add(line);
            }
        } catch (IOException e) {
            LOG.debug("the supervisor's pipe broke", e);
        }
        Runtime.getRuntime().halt(1);
    }
}
