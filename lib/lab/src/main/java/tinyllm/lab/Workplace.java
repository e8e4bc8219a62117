package tinyllm.lab;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** Where the chapters and the learner's files are: from the environment, else found by walking up from the working folder. */
final class Workplace {

    private final Map<String, String> env;
    private final Path start;

    Workplace(Map<String, String> env, Path start) {
        this.env = env;
        this.start = start.toAbsolutePath().normalize();
    }

    /** This process's. */
    static Workplace current() {
        return new Workplace(System.getenv(), Path.of(""));
    }

    /** The clone's folder, which holds notebooks/src; empty when the lab runs elsewhere. */
    Optional<Path> root() {
        String named = env.get("TINYLLM_ROOT");
        if (named != null && !named.isBlank()) {
            return Optional.of(Path.of(named));
        }
        String mine = env.get("TINYLLM_NOTEBOOKS");
        Path from = mine == null || mine.isBlank()
                ? start
                : Path.of(mine).toAbsolutePath().normalize();
        for (Path folder = from; folder != null; folder = folder.getParent()) {
            if (Files.isDirectory(folder.resolve("notebooks").resolve("src"))) {
                return Optional.of(folder);
            }
        }
        return Optional.empty();
    }

    /** The chapters' sources. */
    Optional<Path> sources() {
        return root().map(root -> root.resolve("notebooks").resolve("src")).filter(Files::isDirectory);
    }

    /** The learner's folder: TINYLLM_NOTEBOOKS, else notebooks/my in the clone, else .tinyllm in the working folder. */
    Path mine() {
        String named = env.get("TINYLLM_NOTEBOOKS");
        if (named != null && !named.isBlank()) {
            return Path.of(named);
        }
        return root().map(root -> root.resolve("notebooks").resolve("my")).orElse(start.resolve(".tinyllm"));
    }

    /** The progress file: TINYLLM_PROGRESS, else progress.json in the learner's folder. */
    Path progress() {
        String named = env.get("TINYLLM_PROGRESS");
        return named != null && !named.isBlank() ? Path.of(named) : mine().resolve("progress.json");
    }
}
