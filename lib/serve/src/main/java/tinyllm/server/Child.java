package tinyllm.server;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.IntConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tinyllm.engine.EngineHealth;

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

    /** The exit code of a child whose engine did not come back: below those of signals, and none that Java or a shell gives. */
    static final int STUCK = 86;

    private final LinkedBlockingQueue<String> orders = new LinkedBlockingQueue<>();
    private final PrintStream reports;
    private final IntConsumer halt;

    /**
     * @param in where the supervisor's orders come from
     * @param out where reports go: nothing else may be written there
     */
    public Child(InputStream in, PrintStream out) {
        this(in, out, Runtime.getRuntime()::halt);
    }

    /** @param halt ends this process with a code, at once */
    Child(InputStream in, PrintStream out, IntConsumer halt) {
        this.reports = out;
        this.halt = halt;
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
     * @param stuck how long an engine that hangs, or can't restart, may stay away before this process ends, so that another takes its place
     */
    public void serve(Listening listening, Duration drain, Duration stuck) throws IOException, InterruptedException {
        rehearse(listening);
        report(LOADED);
        String order = orders.take();
        if (!order.startsWith(LISTEN)) {
            return;
        }
        ApiServer server = listening.on(Integer.parseInt(order.substring(LISTEN.length())));
        server.whenStuck(stuck, health -> giveUp(health, stuck));
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

    /** Without the hooks of an orderly end: they would wait for the engine. */
    private void giveUp(EngineHealth health, Duration stuck) {
        LOG.error(
                "the engine has been {} for {} s and does not come back ({}): this process ends with code {}, and another is started",
                health.state().name().toLowerCase(Locale.ROOT),
                stuck.toMillis() / 1e3,
                BodyLog.line(health.lastFailure()),
                STUCK);
        halt.accept(STUCK);
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
        halt.accept(1);
    }
}
