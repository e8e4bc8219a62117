package tinyllm.lab.notebooks;

import java.util.ArrayList;
import java.util.List;
import jdk.jshell.DeclarationSnippet;
import jdk.jshell.EvalException;
import jdk.jshell.JShell;
import jdk.jshell.Snippet.Status;
import jdk.jshell.SnippetEvent;
import jdk.jshell.SourceCodeAnalysis.Completeness;
import jdk.jshell.SourceCodeAnalysis.CompletionInfo;
import tinyllm.lab.check.CheckResult;
import tinyllm.lab.kernel.Imports;
import tinyllm.lab.view.Notebook;
import tinyllm.lab.view.Rich;

/** A learner's session without a kernel: one JShell in this process, the notebook's imports, and what the cells showed. */
final class Session implements AutoCloseable {

    private final JShell shell = JShell.builder()
            .executionEngine("local")
            .compilerOptions("--add-modules", "jdk.incubator.vector")
            .build();
    private final Recorder recorder = new Recorder();
    private final Notebook before = Notebook.use(recorder);

    Session() {
        shell.addToClasspath(System.getProperty("java.class.path"));
        Ran imports = run(Imports.source());
        if (!imports.problems().isEmpty()) {
            throw new IllegalStateException("the notebook's imports fail: " + imports.problems());
        }
    }

    /**
     * What a cell did.
     *
     * @param problems compile errors and exceptions, one sentence each; a stub's "not solved yet" is none
     * @param checks what its checks found
     * @param declared the classes, methods and variables that it declares, by name
     */
    record Ran(List<String> problems, List<CheckResult> checks, List<String> declared) {}

    Ran run(String cell) {
        recorder.checks.clear();
        List<String> problems = new ArrayList<>();
        List<String> declared = new ArrayList<>();
        String rest = cell;
        while (!rest.isBlank()) {
            CompletionInfo next = shell.sourceCodeAnalysis().analyzeCompletion(rest);
            boolean incomplete = next.completeness() == Completeness.DEFINITELY_INCOMPLETE
                    || next.completeness() == Completeness.UNKNOWN;
            String source = incomplete ? rest : next.source();
            for (SnippetEvent event : shell.eval(source)) {
                problem(event, problems);
                if (event.causeSnippet() == null && event.snippet() instanceof DeclarationSnippet named) {
                    declared.add(named.name());
                }
            }
            rest = incomplete ? "" : next.remaining();
        }
        return new Ran(List.copyOf(problems), List.copyOf(recorder.checks), List.copyOf(declared));
    }

    private void problem(SnippetEvent event, List<String> problems) {
        if (event.causeSnippet() != null) {
            return;
        }
        if (event.status() == Status.REJECTED) {
            shell.diagnostics(event.snippet())
                    .forEach(d ->
                            problems.add(d.getMessage(null).lines().findFirst().orElse("")));
        } else if (event.snippet() instanceof DeclarationSnippet declared
                && event.status() != Status.VALID
                && event.status() != Status.OVERWRITTEN) {
            problems.add("unresolved: " + shell.unresolvedDependencies(declared).toList());
        }
        if (event.exception() instanceof EvalException thrown) {
            if (!thrown.getExceptionClassName().endsWith("TodoException")) {
                problems.add(thrown.getExceptionClassName() + ": " + thrown.getMessage());
            }
        } else if (event.exception() != null) {
            problems.add(String.valueOf(event.exception().getMessage()));
        }
    }

    @Override
    public void close() {
        Notebook.use(before);
        shell.close();
    }

    /** Keeps the checks' results; cells show them from the check's own thread or the shell's. */
    private final class Recorder implements Notebook {
        private final List<CheckResult> checks = new ArrayList<>();

        @Override
        public synchronized void display(Rich value) {
            if (value instanceof CheckResult result) {
                checks.add(result);
            }
        }

        @Override
        public String displayUpdatable(Rich value) {
            return "";
        }

        @Override
        public void update(String id, Rich value) {}

        @Override
        public boolean updatesInPlace() {
            return true;
        }

        @Override
        public List<String> snippets() {
            return shell.snippets()
                    .filter(snippet -> shell.status(snippet).isActive())
                    .map(jdk.jshell.Snippet::source)
                    .toList();
        }
    }
}
