package tinyllm.lab.kernel;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import tinyllm.weights.ModelFiles;

/**
 * What became of the kernel that this one replaces. JupyterLab restarts a kernel under the same connection file; a running kernel
 * has a small file of that name with its process id, and takes it away when it ends properly. One that is still there tells of a
 * kernel that crashed or was killed.
 *
 * @param marker this notebook's file
 * @param report where a JVM that crashes writes its report, {@code %p} for the process id
 */
record FormerKernel(Path marker, String report) {

    private static final Duration KEPT = Duration.ofDays(7);
    private static final Pattern SIGNAL = Pattern.compile("^# +(\\w+) \\(0x\\w+\\) at pc=", Pattern.MULTILINE);
    private static final Pattern FRAME = Pattern.compile("^# Problematic frame:\\n# \\w (.*)$", Pattern.MULTILINE);
    /** "[libmlx.so+0x1f] mlx::core::take" of native code, or "3262 c1 pack.Type.method(I)V java.base@25 …" of compiled Java. */
    private static final Pattern CODE =
            Pattern.compile(" *(?:\\[([^+\\]]+)[^\\]]*\\] *(.*)|(?:\\d+%? (?:! )?)?(?:c\\d )?([^( ]+).*)");

    private static final String ON =
            " Its variables are gone; your progress and your solved answers are on the disk. To go on: click the"
                    + " cell where you were, and choose Run, then Run All Above Selected Cell.";

    /** The one under the connection file that this JVM was started with. */
    static FormerKernel ofThisProcess() {
        String[] words = System.getProperty("sun.java.command", "").split("[/\\\\]");
        String report = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
                .getVMOption("ErrorFile")
                .getValue();
        return new FormerKernel(
                ModelFiles.home().resolve("kernels").resolve(words[words.length - 1].strip() + ".running"),
                report.isEmpty() ? "hs_err_pid%p.log" : report);
    }

    /** Begins this process's time and has a note shown of the one before; takes the marker away when the JVM ends properly. */
    void tellTo(CellNotes notes) {
        try {
            begin(ProcessHandle.current().pid()).ifPresent(notes::add);
        } catch (IOException e) {
            notes.add("A crash of this kernel could not be told afterwards, because " + marker + " can't be written: "
                    + e);
        }
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                end();
            } catch (IOException e) {
                // The next kernel then tells of a restart.
            }
        }));
    }

    /**
     * Begins this kernel's time.
     *
     * @param processId of this kernel
     * @return what to tell the learner of the kernel before, if it did not end properly
     */
    Optional<String> begin(long processId) throws IOException {
        Files.createDirectories(marker.getParent());
        Files.createDirectories(Path.of(report).toAbsolutePath().getParent());
        removeOld();
        Optional<String> former = read(marker).map(String::strip);
        Files.writeString(marker, processId + "\n");
        return former.filter(id -> id.matches("\\d{1,18}"))
                .filter(id -> ProcessHandle.of(Long.parseLong(id))
                        .filter(ProcessHandle::isAlive)
                        .isEmpty())
                .map(this::tell);
    }

    /** Ends it properly. */
    void end() throws IOException {
        Files.deleteIfExists(marker);
    }

    private String tell(String processId) {
        Path file = Path.of(report.replace("%p", processId));
        Optional<String> text = read(file);
        if (text.isEmpty()) {
            return "The kernel of this notebook was ended from outside: by a restart, or by the system, for example because"
                    + " the memory was full." + ON;
        }
        return "The kernel of this notebook crashed in native code (" + cause(text.get()) + ") and was started again."
                + ON + " The report of the crash: " + file;
    }

    private static String cause(String report) {
        Matcher signal = SIGNAL.matcher(report);
        String what = signal.find() ? signal.group(1) : "an unknown signal";
        Matcher frame = FRAME.matcher(report);
        Matcher code = CODE.matcher(frame.find() ? frame.group(1) : "");
        if (!code.matches()) {
            return what;
        }
        return what + " in " + (code.group(1) == null ? code.group(3) : (code.group(1) + " " + code.group(2)).strip());
    }

    private static Optional<String> read(Path file) {
        try {
            return Optional.of(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of("");
        }
    }

    private void removeOld() throws IOException {
        Instant limit = Instant.now().minus(KEPT);
        try (Stream<Path> files = Files.list(marker.getParent())) {
            for (Path file : List.copyOf(files.toList())) {
                if (Files.getLastModifiedTime(file).toInstant().isBefore(limit)) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }
}
