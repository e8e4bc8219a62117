package tinyllm.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Finds the solved cell of an exercise in the chapters' sources. */
final class Solutions {

    private static final String CELL = "// %%";

    private Solutions() {}

    /** The source of the exercise's cells, without the markers of the solution's regions. */
    static Optional<String> find(Path sources, String id) {
        try (Stream<Path> files = Files.list(sources)) {
            for (Path file :
                    files.filter(f -> f.toString().endsWith(".java")).sorted().toList()) {
                List<String> found = inChapter(Files.readAllLines(file), id);
                if (!found.isEmpty()) {
                    return Optional.of(String.join("\n", found).strip());
                }
            }
            return Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException("the chapters' sources in " + sources + " can't be read: " + e, e);
        }
    }

    private static List<String> inChapter(List<String> lines, String id) {
        List<String> found = new ArrayList<>();
        boolean inside = false;
        for (String line : lines) {
            if (line.startsWith(CELL)) {
                inside = line.contains("exercise=\"" + id + "\"");
                continue;
            }
            String bare = line.strip();
            boolean marker = bare.startsWith("// BEGIN SOLUTION") || bare.startsWith("// END SOLUTION");
            if (inside && !marker) {
                found.add(line);
            }
        }
        return found;
    }
}
