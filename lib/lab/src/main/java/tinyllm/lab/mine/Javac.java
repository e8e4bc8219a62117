package tinyllm.lab.mine;

import com.sun.source.util.JavacTask;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** The JDK's compiler on sources in memory, against the class path of this process. Writes no file, runs no annotation processor. */
final class Javac implements AutoCloseable {

    private static final String VECTORS = "jdk.incubator.vector";

    private final JavaCompiler compiler;
    private final StandardJavaFileManager files;

    /** @throws IllegalStateException when this Java has no compiler */
    Javac() {
        compiler = Optional.ofNullable(ToolProvider.getSystemJavaCompiler())
                .orElseThrow(() -> new IllegalStateException(
                        "this Java has no compiler: run the lab with a JDK, not a JRE (./lab doctor)"));
        files = compiler.getStandardFileManager(null, Locale.ENGLISH, StandardCharsets.UTF_8);
    }

    /** One compilation: its task, and what the compiler had to say once the task has run. */
    record Job(JavacTask task, String source, DiagnosticCollector<JavaFileObject> said, MemoryClasses classes) {

        boolean failed() {
            return said.getDiagnostics().stream().anyMatch(d -> d.getKind() == Diagnostic.Kind.ERROR);
        }

        /** The first error with its line, in one sentence; empty when there is none. */
        String firstError() {
            return said.getDiagnostics().stream()
                    .filter(d -> d.getKind() == Diagnostic.Kind.ERROR)
                    .findFirst()
                    .map(this::sentence)
                    .orElse("");
        }

        private String sentence(Diagnostic<? extends JavaFileObject> error) {
            String what = error.getMessage(Locale.ENGLISH)
                    .lines()
                    .map(String::strip)
                    .filter(line -> !line.startsWith("location:"))
                    .map(line -> line.replaceFirst("^symbol:\\s+", ""))
                    .collect(Collectors.joining(" "));
            long number = error.getLineNumber();
            if (number < 1) {
                return what;
            }
            String line = source.lines().skip(number - 1).findFirst().orElse("").strip();
            return "line " + number + ": " + what + (line.isEmpty() ? "" : ", in \"" + line + "\"");
        }
    }

    /** A compilation of one source; run it through {@code parse}, {@code analyze} or {@code call} of its task. */
    Job job(String className, String source) {
        DiagnosticCollector<JavaFileObject> said = new DiagnosticCollector<>();
        MemoryClasses classes = new MemoryClasses();
        List<String> options = new ArrayList<>(
                List.of("-classpath", RunningClassPath.text(), "-proc:none", "-implicit:none", "-g", "-Xlint:none"));
        if (ModuleLayer.boot().findModule(VECTORS).isPresent()) {
            options.addAll(List.of("--add-modules", VECTORS));
        }
        JavaCompiler.CompilationTask task =
                compiler.getTask(null, classes.over(files), said, options, null, List.of(new Text(className, source)));
        return new Job((JavacTask) task, source, said, classes);
    }

    @Override
    public void close() {
        try {
            files.close();
        } catch (IOException e) {
            throw new UncheckedIOException("the compiler's files can't be closed: " + e, e);
        }
    }

    private static final class Text extends SimpleJavaFileObject {
        private final String source;

        Text(String className, String source) {
            super(URI.create("string:///" + className + Kind.SOURCE.extension), Kind.SOURCE);
            this.source = source;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return source;
        }
    }
}
