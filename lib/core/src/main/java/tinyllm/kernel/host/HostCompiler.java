package tinyllm.kernel.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Turns C++ text into a program, with the machine's own compiler; what was compiled once is kept by its content. */
public final class HostCompiler {
    /** How errors and debug information call the learner's text. */
    public static final String SOURCE = "kernel.metal";

    private static final Pattern PROBLEM =
            Pattern.compile("^(?:.*/)?([^/:]+):(\\d+):(?:(\\d+):)? (fatal error|error|warning): (.*)$");

    private static final long LIMIT_SECONDS = 300;

    /** Every edit of a cell is another program, of about half a megabyte. */
    private static final int MOST_PROGRAMS = 500;

    /** What was compiled, and what the compiler warned of. */
    public record Program(Path executable, List<CompileException.Problem> warnings) {}

    private HostCompiler() {}

    /**
     * Compiles text, which defines {@code tinyllm_kernel} and names the kernel's own lines by {@code #line}.
     *
     * @param checked with every load and store reported to the detectors, else at full speed
     * @throws CompileException with the lines of the kernel's own text
     */
    public static Program compile(String name, String text, boolean checked) {
        String compiler = compiler();
        Path runtime = runtime(compiler);
        List<String> flags = flags(compiler, checked);
        String key = MetalFolder.digest(
                text, compiler, String.join(" ", flags), runtime.getFileName().toString());
        Path programs = MetalFolder.cache().resolve("programs");
        MetalFolder.keep(programs, MOST_PROGRAMS);
        Path folder =
                MetalFolder.made(programs.resolve(key), into -> build(name, text, compiler, flags, runtime, into));
        try {
            return new Program(folder.resolve("run"), problems(Files.readString(folder.resolve("log")), "warning"));
        } catch (IOException e) {
            throw new HostException("A compiled kernel in " + folder + " can't be read; remove that folder", e);
        }
    }

    /** $CXX, else g++ or clang++, as everywhere in this project. */
    public static String compiler() {
        String chosen = System.getenv("CXX");
        for (String name : chosen != null && !chosen.isBlank() ? List.of(chosen) : List.of("g++", "clang++")) {
            if (name.contains("/") ? Files.isExecutable(Path.of(name)) : isOnPath(name)) {
                return name;
            }
        }
        throw new HostException(
                "There is no C++ compiler, and a kernel on the host needs one: install g++ 12 or newer, or clang++,"
                        + " or name one in CXX");
    }

    private static boolean isOnPath(String name) {
        for (String folder : System.getenv().getOrDefault("PATH", "").split(":")) {
            if (!folder.isEmpty() && Files.isExecutable(Path.of(folder, name))) {
                return true;
            }
        }
        return false;
    }

    private static boolean isClang(String compiler) {
        return compiler.contains("clang") || System.getProperty("os.name", "").startsWith("Mac");
    }

    private static List<String> flags(String compiler, boolean checked) {
        List<String> flags = new ArrayList<>(
                List.of("-std=c++20", "-gdwarf-4", "-fno-rtti", "-Wall", "-Wno-unused", "-Wno-unknown-pragmas"));
        flags.addAll(
                isClang(compiler)
                        ? List.of("-Xclang", "-cl-single-precision-constant")
                        : List.of("-fsingle-precision-constant"));
        flags.addAll(
                isClang(compiler)
                        ? List.of("-Wno-psabi")
                        : List.of("-fno-pie", "-Wno-psabi", "-Wno-int-in-bool-context"));
        flags.addAll(
                checked
                        ? List.of(
                                "-O1",
                                "-fno-exceptions",
                                "-fsanitize=thread",
                                "-fsanitize=bounds,integer-divide-by-zero",
                                "-fsanitize-recover=all")
                        : List.of("-O3", "-march=native"));
        return flags;
    }

    // Compiles the host run's own objects once; the folder's name stands for their content.
    private static Path runtime(String compiler) {
        List<String> all = new ArrayList<>(MetalFolder.HEADERS);
        all.addAll(MetalFolder.RUNTIME_HEADERS);
        all.addAll(MetalFolder.RUNTIME);
        StringBuilder content = new StringBuilder(compiler);
        all.forEach(file -> content.append('\0').append(MetalFolder.text(file)));
        return MetalFolder.made(
                MetalFolder.cache().resolve("runtime").resolve(MetalFolder.digest(content.toString())), into -> {
                    for (String file : all) {
                        Path target = into.resolve(file);
                        Files.createDirectories(target.getParent());
                        Files.writeString(target, MetalFolder.text(file));
                    }
                    List<String> command = new ArrayList<>(List.of(compiler, "-std=c++20", "-O2", "-g1", "-c"));
                    command.addAll(isClang(compiler) ? List.of() : List.of("-fno-pie"));
                    MetalFolder.RUNTIME.forEach(
                            file -> command.add(into.resolve(file).toString()));
                    Output done = run(command, into);
                    if (done.code != 0) {
                        throw new HostException(
                                "The host run's own C++ does not compile with " + compiler + ": " + cut(done.text));
                    }
                });
    }

    private static void build(String name, String text, String compiler, List<String> flags, Path runtime, Path into)
            throws IOException {
        Files.writeString(into.resolve("run.cpp"), text);
        List<String> command = new ArrayList<>(List.of(compiler));
        command.addAll(flags);
        command.addAll(List.of("-I", runtime.resolve("host").toString(), "-c", "run.cpp", "-o", "run.o"));
        Output compiled = run(command, into);
        if (compiled.code != 0) {
            throw new CompileException(name, errors(compiled.text));
        }
        Files.writeString(into.resolve("log"), compiled.text);
        List<String> link = new ArrayList<>(List.of(compiler));
        link.addAll(isClang(compiler) ? List.of() : List.of("-no-pie"));
        link.addAll(List.of("run.o", "-o", "run"));
        for (String file : MetalFolder.RUNTIME) {
            String object = file.substring(file.lastIndexOf('/') + 1).replace(".cpp", ".o");
            link.add(runtime.resolve(object).toString());
        }
        Output linked = run(link, into);
        if (linked.code != 0) {
            throw new CompileException(
                    name, List.of(new CompileException.Problem(0, 0, "it does not link: " + cut(linked.text))));
        }
        Files.delete(into.resolve("run.o"));
    }

    private static List<CompileException.Problem> errors(String log) {
        List<CompileException.Problem> errors = problems(log, "error");
        return errors.isEmpty() ? List.of(new CompileException.Problem(0, 0, cut(log))) : errors;
    }

    private static List<CompileException.Problem> problems(String log, String kind) {
        List<CompileException.Problem> problems = new ArrayList<>();
        for (String line : log.split("\n")) {
            Matcher match = PROBLEM.matcher(line);
            if (match.matches() && match.group(4).endsWith(kind)) {
                boolean own = match.group(1).equals(SOURCE);
                int column = match.group(3) == null ? 0 : Integer.parseInt(match.group(3));
                String text = match.group(5).replaceAll(" \\[-W[^]]*]$", "");
                problems.add(new CompileException.Problem(
                        own ? Integer.parseInt(match.group(2)) : 0, column, own ? text : match.group(1) + ": " + text));
            }
        }
        boolean some = problems.stream().anyMatch(p -> p.line() > 0);
        return problems.stream().filter(p -> p.line() > 0 || !some).toList();
    }

    private static String cut(String text) {
        return text.length() > 600 ? text.substring(0, 600) + " …" : text;
    }

    /** How a command ended, and what it printed. */
    public record Output(int code, String text) {}

    /** Runs a command to its end; its errors are part of the text. */
    public static Output run(List<String> command, @Nullable Path folder) {
        try {
            Path log = Files.createTempFile("tinyllm-", ".log");
            try {
                ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
                builder.redirectOutput(log.toFile());
                if (folder != null) {
                    builder.directory(folder.toFile());
                }
                builder.environment().put("LC_ALL", "C");
                Process process = builder.start();
                try {
                    if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                        throw new HostException(
                                command.getFirst() + " was stopped after " + LIMIT_SECONDS + " seconds");
                    }
                } finally {
                    process.destroyForcibly();
                }
                return new Output(process.exitValue(), Files.readString(log));
            } finally {
                Files.deleteIfExists(log);
            }
        } catch (IOException e) {
            throw new HostException(command.getFirst() + " can't be started: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HostException("Interrupted while " + command.getFirst() + " was running", e);
        }
    }
}
