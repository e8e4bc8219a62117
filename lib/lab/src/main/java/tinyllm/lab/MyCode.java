package tinyllm.lab;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Keeps the source of a solved exercise: the learner's class and the declarations that it uses. */
final class MyCode {

    private static final Pattern DECLARED = Pattern.compile(
            "\\b(?:class|record|enum|interface)\\s+([A-Za-z_$][\\w$]*)|\\b([A-Za-z_$][\\w$]*)\\s*\\([^()]*\\)\\s*\\{");

    /** The kernel's own helpers are not there outside of it. */
    private static final String KERNEL = "org.dflib.jjava.";

    private MyCode() {}

    /**
     * The newest snippet that declares this class, after the snippets that it needs.
     *
     * @param snippets live snippets, oldest first
     */
    static Optional<String> collect(List<String> snippets, String className) {
        int at = declaring(snippets, className);
        if (at < 0) {
            return Optional.empty();
        }
        Set<Integer> wanted = new LinkedHashSet<>();
        add(snippets, at, wanted);
        StringBuilder out = new StringBuilder();
        wanted.stream()
                .sorted()
                .forEach(i -> out.append(snippets.get(i).strip()).append("\n\n"));
        return Optional.of(out.toString().strip() + "\n");
    }

    /** Writes the source as notebooks/my/src/1.1-attention.java; the file is complete or not there. */
    static Path keep(Path folder, String id, String source) throws IOException {
        Files.createDirectories(folder);
        Path file = folder.resolve(id.toLowerCase(Locale.ROOT).replace(' ', '-') + ".java");
        Path temporary = folder.resolve(file.getFileName() + ".tmp");
        Files.writeString(temporary, source, StandardCharsets.UTF_8);
        return Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    }

    private static void add(List<String> snippets, int at, Set<Integer> wanted) {
        if (!wanted.add(at)) {
            return;
        }
        String source = snippets.get(at);
        for (int i = 0; i < snippets.size(); i++) {
            String other = snippets.get(i).strip();
            boolean used = (other.startsWith("import ") && !other.contains(KERNEL))
                    || names(other).stream().anyMatch(name -> mentions(source, name));
            if (i != at && used && i == newest(snippets, i)) {
                add(snippets, i, wanted);
            }
        }
    }

    private static int newest(List<String> snippets, int i) {
        return names(snippets.get(i)).stream()
                .findFirst()
                .map(name -> declaring(snippets, name))
                .orElse(i);
    }

    private static int declaring(List<String> snippets, String name) {
        for (int i = snippets.size() - 1; i >= 0; i--) {
            if (names(snippets.get(i)).stream().findFirst().filter(name::equals).isPresent()) {
                return i;
            }
        }
        return -1;
    }

    /** What a snippet declares: its first type or method. */
    private static List<String> names(String snippet) {
        Matcher matcher = DECLARED.matcher(snippet);
        if (!matcher.find()) {
            return List.of();
        }
        String name = matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
        return name == null ? List.of() : List.of(name);
    }

    private static boolean mentions(String source, String name) {
        return Pattern.compile("\\b" + Pattern.quote(name) + "\\b")
                .matcher(source)
                .find();
    }
}
