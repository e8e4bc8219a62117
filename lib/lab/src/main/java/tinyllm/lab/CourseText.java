package tinyllm.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The prose of this course as a small corpus: what the chapters' own markdown says, without code, tables and formulas. */
public final class CourseText {

    private static final String HELD_OUT = "17-";

    private CourseText() {}

    /** All chapters but the one that {@link #heldOut} keeps back. */
    public static String training() {
        return read(false);
    }

    /** The prose of chapter 1.7, after its opening: text of the same kind that a model trained on the others has not seen. */
    public static String heldOut() {
        return read(true).lines().skip(3).collect(Collectors.joining("\n"));
    }

    private static String read(boolean heldOut) {
        Path folder = Workplace.current()
                .sources()
                .orElseThrow(() ->
                        new IllegalStateException("the chapters' sources, notebooks/src, can't be found from here:"
                                + " start the notebook with ./lab, or set TINYLLM_ROOT to the clone"));
        try (Stream<Path> files = Files.list(folder)) {
            List<Path> chapters = files.filter(file -> file.toString().endsWith(".java"))
                    .filter(file -> file.getFileName().toString().startsWith(HELD_OUT) == heldOut)
                    .sorted()
                    .toList();
            StringBuilder text = new StringBuilder();
            for (Path chapter : chapters) {
                text.append(prose(Files.readAllLines(chapter))).append('\n');
            }
            return text.toString();
        } catch (IOException e) {
            throw new UncheckedIOException("the chapters in " + folder + " can't be read: " + e, e);
        }
    }

    /** Lines of a paragraph are joined; marks of bold and code go. */
    static String prose(List<String> lines) {
        StringBuilder text = new StringBuilder();
        boolean markdown = false;
        for (String line : lines) {
            if (line.startsWith("// %%")) {
                markdown = line.contains("[markdown]");
                text.append(markdown ? "\n" : "");
            } else if (markdown) {
                String bare = line.replaceFirst("^// ?", "").strip();
                boolean special =
                        bare.startsWith("#") || bare.startsWith("|") || bare.contains("$$") || bare.startsWith("<");
                text.append(bare.isEmpty() || special ? "\n" : bare + " ");
            }
        }
        return text.toString()
                .lines()
                .map(line -> line.replaceAll("[*`]|\\$[^$]*\\$|</?\\w+>", "")
                        .replaceAll(" +", " ")
                        .strip())
                .filter(line -> line.length() > 20)
                .collect(Collectors.joining("\n"));
    }
}
