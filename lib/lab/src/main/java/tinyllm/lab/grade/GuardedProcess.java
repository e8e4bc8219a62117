package tinyllm.lab.grade;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import tinyllm.lab.mine.RunningClassPath;

/** A JVM for code that is not trusted to end: watched from outside, in an empty folder, gone with all that it started. */
final class GuardedProcess implements AutoCloseable {

    private static final long LOOK_MS = 200;
    private static final int LINE_LIMIT = 1 << 20;
    private static final int SAID_LIMIT = 4_000;
    private static final int SIGNALLED = 128;
    private static final String REPORT = "crash.log";
    private static final Pattern SIGNAL = Pattern.compile("\\bSIG[A-Z]+\\b");

    private final Process process;
    private final Path folder;
    private final long memoryBytes;
    private final BlockingQueue<String> lines = new ArrayBlockingQueue<>(64);
    private final StringBuilder said = new StringBuilder();
    private final Thread reaper = new Thread(this::kill);
    private volatile boolean finished;
    private volatile boolean closed;

    /** How a process came to its end. */
    enum End {
        /** It goes on. */
        NONE,
        GONE,
        SILENT,
        MEMORY
    }

    /** A line, or the end. */
    record Line(String text, End end) {}

    private GuardedProcess(Process process, Path folder, long memoryBytes) {
        this.process = process;
        this.folder = folder;
        this.memoryBytes = memoryBytes;
    }

    static GuardedProcess start(long memoryBytes) throws IOException {
        Path folder = Files.createTempDirectory("tinyllm-check");
        ProcessBuilder builder = new ProcessBuilder(command(memoryBytes)).directory(folder.toFile());
        Map<String, String> env = builder.environment();
        // What the checked code writes stays in the folder, and it finds neither the solutions nor the learner's files.
        env.put("TINYLLM_NOTEBOOKS", folder.resolve("my").toString());
        env.keySet().removeAll(List.of("TINYLLM_ROOT", "TINYLLM_PROGRESS", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"));
        env.put("TINYLLM_PRELOAD", "0");
        for (String threads : List.of("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TINYLLM_THREADS")) {
            env.put(threads, "1");
        }
        GuardedProcess started = new GuardedProcess(builder.start(), folder, memoryBytes);
        Runtime.getRuntime().addShutdownHook(started.reaper);
        Thread.ofPlatform().daemon().name("guarded lines").start(started::read);
        Thread.ofPlatform().daemon().name("guarded words").start(started::listen);
        return started;
    }

    private static List<String> command(long memoryBytes) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
                "-Djava.awt.headless=true",
                "-Xmx" + Math.max(256, memoryBytes / 4 >> 20) + "m",
                "-XX:TieredStopAtLevel=1",
                "-XX:-UsePerfData",
                "-XX:-CreateCoredumpOnCrash",
                "-XX:ErrorFile=" + REPORT,
                "-Dtinyllm.memoryBudget=" + memoryBytes / 2));
        if (ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()) {
            command.addAll(List.of("--add-modules", "jdk.incubator.vector"));
        }
        String cache = System.getProperty("org.bytedeco.javacpp.cachedir");
        if (cache != null) {
            command.add("-Dorg.bytedeco.javacpp.cachedir=" + cache);
        }
        command.addAll(List.of("-cp", RunningClassPath.text(), GuardedMain.class.getName()));
        return command;
    }

    void send(String line) throws IOException {
        OutputStream to = process.getOutputStream(); // stays open: its end would end the process
        to.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        to.flush();
    }

    /** The next line, or the end: the process is gone, says nothing for so long, or takes too much memory. */
    Line next(Duration wait) throws InterruptedException {
        long until = System.nanoTime() + wait.toNanos();
        while (true) {
            String line = lines.poll(LOOK_MS, TimeUnit.MILLISECONDS);
            if (line != null) {
                return new Line(line, End.NONE);
            }
            if (finished && lines.isEmpty()) {
                process.waitFor(5, TimeUnit.SECONDS);
                return new Line("", End.GONE);
            }
            if (ResidentMemory.of(process.pid()) > memoryBytes) {
                kill();
                return new Line("", End.MEMORY);
            }
            if (System.nanoTime() - until > 0) {
                kill();
                return new Line("", End.SILENT);
            }
        }
    }

    String cause(End end) {
        return switch (end) {
            case SILENT -> "deadline";
            case MEMORY -> "memory";
            default -> signal().isEmpty() ? "exit" : "native";
        };
    }

    /** What happened, to follow "the answer". */
    String words(End end) {
        if (end == End.MEMORY) {
            return "took more than " + memoryBytes / 1_000_000 + " MB of memory and was ended";
        }
        if (process.isAlive()) {
            return "closed the output of its process";
        }
        return signal().map(name -> "crashed in native code (" + name + ")")
                .orElseGet(() -> "ended its process with exit code " + process.exitValue() + tail());
    }

    /** The signal that ended the process: a JVM writes it into its report and exits with 1. */
    private Optional<String> signal() {
        try (Stream<String> report = Files.lines(folder.resolve(REPORT))) {
            return Optional.of(report.map(SIGNAL::matcher)
                    .filter(Matcher::find)
                    .findFirst()
                    .map(Matcher::group)
                    .orElse("an error of the JVM"));
        } catch (IOException | UncheckedIOException e) {
            boolean ended = !process.isAlive() && process.exitValue() > SIGNALLED;
            return ended ? Optional.of("signal " + (process.exitValue() - SIGNALLED)) : Optional.empty();
        }
    }

    /** A JVM that could not start says why on its standard error. */
    private String tail() {
        synchronized (said) {
            String last = said.toString()
                    .lines()
                    .filter(line -> line.startsWith("Error"))
                    .findFirst()
                    .orElse("");
            return last.isEmpty() ? "" : " (" + last.strip() + ")";
        }
    }

    private void read() {
        try (InputStream in = process.getInputStream()) {
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            for (int b = in.read(); b >= 0; b = in.read()) {
                if (b != '\n') {
                    if (line.size() <= LINE_LIMIT) {
                        line.write(b);
                    }
                    continue;
                }
                if (line.size() <= LINE_LIMIT) {
                    hand(line.toString(StandardCharsets.UTF_8));
                }
                line.reset();
            }
        } catch (IOException e) {
            // The process is gone, which is told below.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            finished = true;
        }
    }

    /** Waits while the owner is slow, and no longer than it listens. */
    private void hand(String line) throws InterruptedException {
        while (!closed && !lines.offer(line, LOOK_MS, TimeUnit.MILLISECONDS)) {
            Thread.onSpinWait();
        }
    }

    private void listen() {
        byte[] buffer = new byte[8192];
        try (InputStream in = process.getErrorStream()) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                synchronized (said) {
                    int room = Math.min(n, SAID_LIMIT - said.length());
                    if (room > 0) {
                        said.append(new String(buffer, 0, room, StandardCharsets.UTF_8));
                    }
                }
            }
        } catch (IOException e) {
            // Nothing more is said.
        }
    }

    private void kill() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }

    @Override
    public void close() throws InterruptedException {
        kill();
        process.waitFor(10, TimeUnit.SECONDS);
        closed = true;
        try {
            Runtime.getRuntime().removeShutdownHook(reaper);
        } catch (IllegalStateException e) {
            // This process is ending too.
        }
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            // The temporary folder is the system's to empty.
        }
    }
}
