package tinyllm.lab.grade;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import jdk.jshell.JShell;
import jdk.jshell.SourceCodeAnalysis;
import jdk.jshell.SourceCodeAnalysis.Completeness;
import jdk.jshell.SourceCodeAnalysis.CompletionInfo;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The code of a notebook, read and never run.
 *
 * @param cells in the notebook's order
 */
record Cells(List<Cell> cells) {

    private static final long LIMIT = 64L << 20;
    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    /**
     * One code cell.
     *
     * @param exercise the id in its metadata; empty for none
     * @param snippets what JShell would run, one by one
     * @param broken the rest that JShell could not read; empty when all is well
     */
    record Cell(String exercise, List<String> snippets, String broken) {}

    /** @throws IOException when the file is no notebook, with a sentence that says why */
    static Cells read(Path notebook) throws IOException {
        long size = Files.size(notebook);
        if (size > LIMIT) {
            throw new IOException("it has " + size / 1_000_000 + " MB, and more than " + LIMIT / 1_000_000
                    + " MB are not read: clear its outputs");
        }
        JsonNode root;
        try {
            root = MAPPER.readTree(Files.readAllBytes(notebook));
        } catch (JacksonException e) {
            String why = e.getOriginalMessage().replaceFirst("(?s) \\(start marker.*", "");
            throw new IOException("it is no JSON: " + why, e);
        }
        if (!root.path("cells").isArray()) {
            throw new IOException("it is no notebook of format 4: it has no list of cells");
        }
        // Nothing is evaluated, so the engine that shares this process is the one that costs nothing.
        try (JShell shell = JShell.builder().executionEngine("local").build()) {
            SourceCodeAnalysis analysis = shell.sourceCodeAnalysis();
            return new Cells(root.path("cells")
                    .valueStream()
                    .filter(cell -> cell.path("cell_type").asString("").equals("code"))
                    .map(cell -> split(
                            analysis, cell.path("metadata").path("exercise").asString(""), text(cell.path("source"))))
                    .toList());
        }
    }

    private static String text(JsonNode source) {
        return source.isArray()
                ? source.valueStream().map(line -> line.asString("")).collect(Collectors.joining())
                : source.asString("");
    }

    private static Cell split(SourceCodeAnalysis analysis, String exercise, String source) {
        List<String> snippets = new ArrayList<>();
        String rest = source.lines().filter(line -> !line.startsWith("%")).collect(Collectors.joining("\n"));
        while (!rest.isBlank()) {
            CompletionInfo next = analysis.analyzeCompletion(rest);
            boolean whole = next.completeness() == Completeness.COMPLETE
                    || next.completeness() == Completeness.COMPLETE_WITH_SEMI
                    || next.completeness() == Completeness.CONSIDERED_INCOMPLETE;
            if (!whole) {
                return new Cell(exercise, snippets, next.completeness() == Completeness.EMPTY ? "" : rest);
            }
            snippets.add(next.source());
            rest = next.remaining();
        }
        return new Cell(exercise, snippets, "");
    }
}
