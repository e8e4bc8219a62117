package tinyllm.lab.mutation;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.exercises.Exercises;
import tinyllm.lab.kernel.Imports;
import tinyllm.lab.notebooks.Chapter;
import tinyllm.lab.notebooks.Chapter.Cell;

/**
 * An exercise's solution as a compilation unit of its own: the notebook's imports, the classes of the chapter's exercises before
 * it, and its own cell.
 *
 * @param exercise what it solves
 * @param source begins with {@link #HEAD}
 * @param classes the top-level classes of the exercise's own cell, in order
 * @param solution the ranges that a learner writes, from the line after BEGIN SOLUTION to the line of END SOLUTION
 */
record Answer(Exercise<?> exercise, String source, List<String> classes, List<Range> solution) {

    static final String PACKAGE = "answers";
    private static final String HEAD = "package " + PACKAGE + ";\n";
    private static final Pattern TOP_LEVEL =
            Pattern.compile("(?m)^(?:(?:public|final|abstract|sealed) )*(?:class|record|interface|enum)\\s+(\\w+)");
    private static final Pattern SOLUTION =
            Pattern.compile("(?ms)^\\s*// BEGIN SOLUTION[^\\n]*\\n(.*?)^\\s*// END SOLUTION");

    /** Offsets in the source, the second one excluded. */
    record Range(int from, int to) {
        boolean contains(int begin, int end) {
            return from <= begin && end <= to;
        }
    }

    /** The same source in a package of its own. */
    static String inPackage(String source, String name) {
        return "package " + name + ";\n" + source.substring(HEAD.length());
    }

    boolean isSolution(int from, int to) {
        return solution.stream().anyMatch(range -> range.contains(from, to));
    }

    /** Every exercise that a chapter of the folder asks for, in the chapters' order. */
    static List<Answer> readAll(Path folder) throws IOException {
        List<Answer> answers = new ArrayList<>();
        for (Chapter chapter : Chapter.readAll(folder)) {
            List<Cell> cells = chapter.exercises();
            for (int i = 0; i < cells.size(); i++) {
                answers.add(of(cells.get(i), cells.subList(0, i), imports(chapter)));
            }
        }
        return List.copyOf(answers);
    }

    /** What the chapter's cells import beyond what every notebook has. */
    private static String imports(Chapter chapter) {
        return chapter.code().stream()
                .flatMap(cell -> cell.text().lines())
                .filter(line -> line.startsWith("import ") && line.endsWith(";"))
                .distinct()
                .collect(Collectors.joining("\n"));
    }

    private static Answer of(Cell own, List<Cell> before, String imports) {
        Set<String> declared = new LinkedHashSet<>(topLevel(own));
        List<String> parts = new ArrayList<>();
        // A class that a later cell writes again replaces the earlier one, as in the notebook.
        for (Cell cell : before.reversed()) {
            if (declared.addAll(topLevel(cell))) {
                parts.addFirst(cell.text());
            }
        }
        String source = HEAD + Imports.source() + "\n" + imports + "\n\n" + String.join("\n\n", parts) + "\n\n";
        int start = source.length();
        source += own.text() + "\n";
        List<Range> ranges = new ArrayList<>();
        Matcher found = SOLUTION.matcher(source);
        for (boolean more = found.find(start); more; more = found.find()) {
            ranges.add(new Range(found.start(1), found.end(1)));
        }
        return new Answer(Exercises.get(own.exercise()), source, topLevel(own), List.copyOf(ranges));
    }

    private static List<String> topLevel(Cell cell) {
        return TOP_LEVEL
                .matcher(cell.text())
                .results()
                .map((MatchResult match) -> match.group(1))
                .toList();
    }
}
