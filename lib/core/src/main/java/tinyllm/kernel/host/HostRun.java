package tinyllm.kernel.host;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Runs a compiled kernel in a process of its own. Whatever the kernel does, this process gets a report. */
public final class HostRun {
    private static final int PRINTED = 4000;

    private HostRun() {}

    /**
     * Runs the whole grid.
     *
     * @param grid threads of the grid by dimension, a multiple of group
     * @param group threads of a threadgroup by dimension, at most 1,024 in all
     * @param buffers inputs first, then outputs, in the order of the kernel's arguments
     * @param cpp whether the kernel is plain C++, which may use other memory than its buffers
     */
    public static HostResult run(
            HostCompiler.Program program,
            int[] grid,
            int[] group,
            List<HostBuffer> buffers,
            boolean cpp,
            HostOptions options) {
        String job = job(grid, group, buffers, cpp, options);
        return options.remembered() && options.repeats() == 0
                ? RunMemory.get(program, job, buffers, () -> run(program, job, buffers, options))
                : run(program, job, buffers, options);
    }

    private static HostResult run(
            HostCompiler.Program program, String job, List<HostBuffer> buffers, HostOptions options) {
        Path folder = null;
        try {
            folder = Files.createTempDirectory("tinyllm-kernel-");
            write(folder, job, buffers);
            Ended ended = execute(program.executable(), folder, options);
            return read(program, folder, ended, buffers, options);
        } catch (IOException e) {
            throw new HostException("A kernel's run needs a temporary folder: " + e.getMessage(), e);
        } finally {
            if (folder != null) {
                MetalFolder.delete(folder);
            }
        }
    }

    private static String job(int[] grid, int[] group, List<HostBuffer> buffers, boolean cpp, HostOptions options) {
        StringBuilder job = new StringBuilder();
        job.append("grid %d %d %d\n".formatted(grid[0], grid[1], grid[2]));
        job.append("group %d %d %d\n".formatted(group[0], group[1], group[2]));
        job.append(String.format(Locale.ROOT, "seconds %.3f\n", options.seconds()));
        job.append("trace ").append(options.trace()).append('\n');
        if (options.repeats() > 0) {
            job.append("repeats ").append(options.repeats()).append('\n');
        }
        if (cpp) {
            job.append("cpp\n");
        }
        buffers.forEach(buffer -> job.append(buffer.line()).append('\n'));
        return job.toString();
    }

    private static void write(Path folder, String job, List<HostBuffer> buffers) throws IOException {
        Files.writeString(folder.resolve("job"), job);
        try (OutputStream data = Files.newOutputStream(folder.resolve("data"))) {
            for (HostBuffer buffer : buffers) {
                byte[] bytes = buffer.data();
                if (bytes != null) {
                    data.write(bytes);
                }
            }
        }
    }

    private record Ended(@Nullable Integer code, String printed) {}

    // The runner stops itself by its processor time; this limit is for a process that sleeps, or a machine that is very
    // busy.
    private static Ended execute(Path executable, Path folder, HostOptions options) throws IOException {
        Path printed = folder.resolve("printed");
        Process process = new ProcessBuilder(executable.toString(), folder.toString())
                .redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectOutput(printed.toFile())
                .start();
        boolean ended;
        try {
            ended = process.waitFor((long) (options.seconds() * 8) + 30, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HostException("Interrupted while a kernel was running; the run was stopped", e);
        } finally {
            process.destroyForcibly();
        }
        return new Ended(ended ? process.exitValue() : null, beginning(printed));
    }

    private static String beginning(Path file) throws IOException {
        try (var in = Files.newInputStream(file)) {
            return new String(in.readNBytes(PRINTED), java.nio.charset.StandardCharsets.UTF_8);
        }
    }

    private static HostResult read(
            HostCompiler.Program program, Path folder, Ended ended, List<HostBuffer> buffers, HostOptions options)
            throws IOException {
        Path file = folder.resolve("report");
        List<String> lines = Files.exists(file) ? Files.readAllLines(file) : List.of();
        List<String> warnings = program.warnings().stream()
                .filter(w -> w.line() > 0 && !UnwrittenVariables.isOne(w))
                .map(CompileException.Problem::sentence)
                .toList();
        HostReport report = ReportReader.read(lines, program.executable(), warnings, ended.printed)
                .with(UnwrittenVariables.of(program.warnings()));
        if (!lines.contains("end")) {
            List<Finding> findings = new ArrayList<>(report.findings());
            findings.add(new Finding(Finding.Kind.CRASH, 0, 0, 1, lost(ended.code, options)));
            report = new HostReport(
                    findings, true, report.counts(), report.accesses(), report.touches(), warnings, 0, ended.printed);
        }
        return new HostResult(report.stopped() ? List.of() : outputs(folder.resolve("result"), buffers), report);
    }

    private static String lost(@Nullable Integer code, HostOptions options) {
        if (code == null) {
            return "the run did not end within " + (long) (options.seconds() * 8 + 30) + " seconds and was stopped";
        }
        return code > 128
                ? "the machine ended the run with signal " + (code - 128) + (code == 137 ? ": did memory run out?" : "")
                : "the run ended by itself with exit code " + code + ", before its report was written";
    }

    private static List<byte[]> outputs(Path file, List<HostBuffer> buffers) throws IOException {
        List<byte[]> outputs = new ArrayList<>();
        try (var in = Files.newInputStream(file)) {
            for (HostBuffer buffer : buffers) {
                if (buffer.output()) {
                    outputs.add(in.readNBytes(buffer.bytes()));
                }
            }
        }
        return outputs;
    }
}
