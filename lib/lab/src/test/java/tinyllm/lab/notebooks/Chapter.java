package tinyllm.lab.notebooks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A chapter's source in jupytext's percent format: what the learner gets, and what the solution is.
 *
 * @param name such as {@code 11-attention}
 * @param cells in order; those for the tests alone among them
 */
public record Chapter(String name, List<Cell> cells) {

    private static final String MARKER = "// %%";
    private static final Pattern BEGIN = Pattern.compile("^(\\s*)// BEGIN SOLUTION\\b\\s*(.*?)\\s*$");
    private static final Pattern END = Pattern.compile("^\\s*// END SOLUTION\\s*$");
    private static final Pattern SERVER = Pattern.compile("\\b(serve\\(|LoadRun\\b|Visitors\\b|fair\\b)");
    private static final Pattern CHECK = Pattern.compile("(?m)^(?!\\s*//).*?(?<![\\w.])check\\(\\s*\"([^\"]+)\"");

    /**
     * One cell.
     *
     * @param number counted from 1 as a reader of the notebook counts, markdown cells too
     * @param code false for prose
     * @param exercise the id that stands in the marker, or empty
     * @param wrong the id of the exercise that this cell answers wrongly, or empty
     */
    public record Cell(int number, boolean code, String exercise, String wrong, String text) {

        /** The learner's form: each solution is one line that says what is left to do. */
        String starter() {
            return split(true);
        }

        /** The solved form, without the markers. */
        String solved() {
            return split(false);
        }

        /** Whether it needs the server, which this module does not know: such a cell runs in the real kernel alone. */
        boolean serves() {
            return SERVER.matcher(text).find();
        }

        /** The exercises that this cell checks. */
        List<String> checks() {
            return CHECK.matcher(text).results().map(match -> match.group(1)).toList();
        }

        private String split(boolean starter) {
            List<String> kept = new ArrayList<>();
            boolean inside = false;
            for (String line : text.lines().toList()) {
                Matcher begin = BEGIN.matcher(line);
                if (begin.matches()) {
                    inside = true;
                    if (starter) {
                        stub(begin.group(1), begin.group(2)).ifPresent(kept::add);
                    }
                } else if (END.matcher(line).matches()) {
                    inside = false;
                } else if (!starter || !inside) {
                    kept.add(line);
                }
            }
            return String.join("\n", kept);
        }

        private static Optional<String> stub(String indent, String words) {
            if (words.equals("omit")) {
                return Optional.empty();
            }
            return words.startsWith("void:")
                    ? Optional.of(indent + "todo(\"" + words.substring(5).strip() + "\");")
                    : Optional.of(indent + "return todo(\"" + words + "\");");
        }
    }

    static Chapter read(Path file) {
        try {
            String name = file.getFileName().toString().replaceFirst("\\.java$", "");
            return new Chapter(name, cells(Files.readAllLines(file)));
        } catch (IOException e) {
            throw new UncheckedIOException("the chapter " + file + " can't be read: " + e, e);
        }
    }

    /** The chapters of a folder, by name; none when there is no such folder. */
    public static List<Chapter> readAll(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .sorted()
                    .map(Chapter::read)
                    .toList();
        }
    }

    /** The cells that a learner runs: code, and not for the tests alone; without those that need what this module does not know. */
    public List<Cell> code() {
        return cells.stream()
                .filter(cell -> cell.code() && cell.wrong().isEmpty() && !cell.serves())
                .toList();
    }

    public List<Cell> exercises() {
        return code().stream().filter(cell -> !cell.exercise().isEmpty()).toList();
    }

    private static List<Cell> cells(List<String> lines) {
        List<Cell> cells = new ArrayList<>();
        String marker = "";
        List<String> body = new ArrayList<>();
        for (String line : lines) {
            if (line.startsWith(MARKER)) {
                add(cells, marker, body);
                marker = line;
                body = new ArrayList<>();
            } else {
                body.add(line);
            }
        }
        add(cells, marker, body);
        return List.copyOf(cells);
    }

    private static void add(List<Cell> cells, String marker, List<String> body) {
        if (marker.isEmpty()) {
            return;
        }
        long shown = cells.stream().filter(cell -> cell.wrong().isEmpty()).count();
        cells.add(new Cell(
                (int) shown + 1,
                !marker.contains("[markdown]"),
                value(marker, "exercise"),
                value(marker, "wrong"),
                String.join("\n", body).strip()));
    }

    private static String value(String marker, String key) {
        Matcher found = Pattern.compile("\\b" + key + "=\"([^\"]*)\"").matcher(marker);
        return found.find() ? found.group(1) : "";
    }
}
