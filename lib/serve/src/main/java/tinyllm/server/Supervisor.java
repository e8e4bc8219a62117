package tinyllm.server;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tinyllm.server.http.HttpSettings;

/**
 * Keeps a {@link Child} alive. A native crash ends the whole process that it happens in: this one holds no native code, takes the port
 * when the child dies, answers 503 on it, starts the child again, and hands the port back when the model is loaded.
 */
public final class Supervisor {

    private static final Logger LOG = LoggerFactory.getLogger("tinyllm.server");

    private static final int SIGNAL = 128;
    private static final Duration TAKE_PORT = Duration.ofSeconds(30);
    private static final Duration SETTLED = Duration.ofSeconds(60);
    private static final long LONGEST_PAUSE_MS = 30_000;
    private static final int MOST_FAILED_STARTS = 5;

    private final List<String> command;
    private final HttpSettings settings;
    private final Duration drain;
    private final @Nullable Path crashReports;
    private final IntConsumer listening;
    private final Consumer<String> others;
    private int port;
    private @Nullable Standby standby;
    private @Nullable Process child;
    private boolean stopping;

    /**
     * @param command that starts the child
     * @param settings of the child's server: where it listens, and with which key
     * @param drain that the child gives its requests when it is told to stop
     * @param crashReports the folder that the child's {@code hs_err} files go to; null where nobody said
     * @param listening hears the port each time that the child begins to serve
     * @param others hears the lines of the child's standard output that are no reports to its supervisor
     */
    public Supervisor(
            List<String> command,
            HttpSettings settings,
            Duration drain,
            @Nullable Path crashReports,
            IntConsumer listening,
            Consumer<String> others) {
        this.command = List.copyOf(command);
        this.settings = settings;
        this.drain = drain;
        this.crashReports = crashReports;
        this.listening = listening;
        this.others = others;
        this.port = settings.port();
    }

    /** How one child's life went. */
    private record Life(int code, boolean served, Duration length, long pid) {}

    /** The child said why it can't serve on standard error, and would say the same again. */
    private boolean refused(Life life) {
        return !life.served() && life.code() < SIGNAL && !crashed(life.pid());
    }

    /** Java ends a crash by a signal, or, where it may write no core, by an exit code like any other. */
    private boolean crashed(long pid) {
        return crashReports != null && Files.exists(report(crashReports, pid));
    }

    private static Path report(Path folder, long pid) {
        return folder.resolve("hs_err_pid" + pid + ".log");
    }

    /**
     * Serves until the child ends by itself, or this process is told to end.
     *
     * @return the exit code: 0, or the child's when it never came to serve
     * @throws IOException when the port is taken
     */
    public int run() throws IOException, InterruptedException {
        takePort(Duration.ZERO, "the model is being loaded", 5);
        if (standby != null) {
            standby.warmUp();
        }
        Runtime.getRuntime().addShutdownHook(new Thread(this::stop, "supervisor-stop"));
        int failures = 0;
        while (true) {
            Life life = live();
            if (isStopping() || life.served() && life.code() == 0) {
                return 0;
            }
            failures = life.served() && life.length().compareTo(SETTLED) > 0 ? 1 : failures + 1;
            if (refused(life) && failures == 1 || !life.served() && failures >= MOST_FAILED_STARTS) {
                release();
                return life.code() == 0 ? 1 : Math.min(life.code(), 255);
            }
            long pause = Math.min(LONGEST_PAUSE_MS, 250L << Math.min(failures, 10));
            takePort(TAKE_PORT, "the server is restarting", (int) (pause / 1000) + 2);
            LOG.error("{}; it starts again in {} s", death(life), pause / 1e3);
            TimeUnit.MILLISECONDS.sleep(pause);
        }
    }

    private String death(Life life) {
        String how = life.code() > SIGNAL ? "by signal " + (life.code() - SIGNAL) : "with code " + life.code();
        how += life.code() == Child.STUCK ? " (its engine did not come back)" : "";
        String text = "the server's process " + life.pid() + " died " + how + " after "
                + life.length().toSeconds() + " s";
        return crashReports != null && crashed(life.pid())
                ? text + "; its crash report is " + report(crashReports, life.pid())
                : text;
    }

    /** A port that the dead child held may take the kernel a moment to free. */
    private void takePort(Duration patience, String why, int retryAfter) throws IOException, InterruptedException {
        long until = System.nanoTime() + patience.toNanos();
        HttpSettings place = settings.port(port);
        while (standby == null) {
            try {
                Standby taken = Standby.start(place, why, retryAfter);
                synchronized (this) {
                    standby = taken;
                }
                port = taken.port();
            } catch (IOException e) {
                if (System.nanoTime() - until >= 0) {
                    throw e;
                }
                TimeUnit.MILLISECONDS.sleep(20);
            }
        }
    }

    private void release() {
        Standby held;
        synchronized (this) {
            held = standby;
            standby = null;
        }
        if (held != null) {
            held.close();
        }
    }

    /** Starts a child, and returns when it has died. */
    private Life live() throws IOException, InterruptedException {
        long began = System.nanoTime();
        Process process = start();
        if (process == null) {
            return new Life(0, true, Duration.ZERO, 0);
        }
        boolean served = false;
        try (BufferedReader reports = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = reports.readLine(); line != null; line = reports.readLine()) {
                if (line.equals(Child.LOADED)) {
                    release();
                    tell(process, Child.LISTEN + port);
                } else if (line.startsWith(Child.LISTENING)) {
                    served = true;
                    listening.accept(port);
                } else {
                    others.accept(line);
                }
            }
        } catch (IOException e) {
            LOG.debug("the child's pipe broke", e);
        }
        int code = process.waitFor();
        return new Life(code, served, Duration.ofNanos(System.nanoTime() - began), process.pid());
    }

    private synchronized @Nullable Process start() throws IOException {
        if (stopping) {
            return null;
        }
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        child = process;
        return process;
    }

    private static void tell(Process process, String order) throws IOException {
        process.outputWriter(StandardCharsets.UTF_8).append(order).append('\n').flush();
    }

    private synchronized boolean isStopping() {
        return stopping;
    }

    /** Lets the child drain, and sees it end. */
    private void stop() {
        Process running;
        synchronized (this) {
            stopping = true;
            running = child;
        }
        if (running == null) {
            return;
        }
        try {
            tell(running, Child.STOP);
        } catch (IOException e) {
            LOG.debug("the child is gone", e);
        }
        try {
            if (!running.waitFor(drain.plusSeconds(15).toMillis(), TimeUnit.MILLISECONDS)) {
                running.destroyForcibly();
            }
        } catch (InterruptedException e) {
            running.destroyForcibly();
        }
    }
}
