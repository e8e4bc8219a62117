package tinyllm.lab.mutation;

import java.net.URI;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import tinyllm.lab.mine.MemoryClasses;

/** Compiles many small sources at once, each in a package of its own, and leaves out those with errors. */
final class MemoryCompiler {

    private static final List<String> OPTIONS = List.of(
            "-proc:none",
            "-nowarn",
            "-g:source,lines", // as JShell compiles a cell: without the names of variables
            "--add-modules",
            "jdk.incubator.vector",
            "--should-stop=ifError=FLOW",
            "-Xmaxerrs",
            "1000000",
            "-classpath",
            System.getProperty("java.class.path"));

    private MemoryCompiler() {}

    /**
     * @param sources package to source
     * @return a loader for each package that compiled
     */
    static Map<String, ClassLoader> compile(Map<String, String> sources) {
        Map<String, String> errors = new LinkedHashMap<>();
        attempt(sources, errors);
        Map<String, String> good = new LinkedHashMap<>(sources);
        good.keySet().removeAll(errors.keySet());
        Map<String, String> unexpected = new LinkedHashMap<>();
        MemoryClasses classes = good.isEmpty() ? new MemoryClasses() : attempt(good, unexpected);
        if (!unexpected.isEmpty()) {
            throw new IllegalStateException("these compiled a moment ago: " + unexpected);
        }
        Map<String, ClassLoader> loaders = new LinkedHashMap<>();
        good.keySet().forEach(name -> loaders.put(name, classes.loader(type -> type.startsWith(name + "."))));
        return loaders;
    }

    private static MemoryClasses attempt(Map<String, String> sources, Map<String, String> errors) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        DiagnosticCollector<JavaFileObject> diagnostics = new DiagnosticCollector<>();
        MemoryClasses outputs = new MemoryClasses();
        JavaFileManager files = outputs.over(compiler.getStandardFileManager(diagnostics, null, null));
        List<Source> units = sources.entrySet().stream()
                .map(entry -> new Source(entry.getKey(), entry.getValue()))
                .toList();
        compiler.getTask(null, files, diagnostics, OPTIONS, null, units).call();
        Set<String> seen = new HashSet<>();
        for (Diagnostic<? extends JavaFileObject> d : diagnostics.getDiagnostics()) {
            if (d.getKind() == Diagnostic.Kind.ERROR) {
                if (!(d.getSource() instanceof Source unit)) {
                    throw new IllegalStateException("the compiler failed: " + d.getMessage(null));
                }
                if (seen.add(unit.name)) {
                    errors.put(unit.name, "line " + d.getLineNumber() + ": " + d.getMessage(null));
                }
            }
        }
        return outputs;
    }

    private static final class Source extends SimpleJavaFileObject {
        private final String name;
        private final String text;

        Source(String name, String text) {
            super(URI.create("memory:///" + name + "/Answer.java"), Kind.SOURCE);
            this.name = name;
            this.text = text;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }

        /** One file holds several top-level classes, none of them public. */
        @Override
        public boolean isNameCompatible(String simpleName, Kind kind) {
            return true;
        }
    }
}
