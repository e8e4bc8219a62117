package tinyllm.cli;

import java.nio.file.Path;

/** The one folder outside the clone that the lab writes. */
final class Home {

    private Home() {}

    /** TINYLLM_HOME, or {@code ~/.cache/tinyllm}. */
    static Path folder() {
        String home = System.getenv("TINYLLM_HOME");
        return home == null || home.isBlank()
                ? Path.of(System.getProperty("user.home"), ".cache", "tinyllm")
                : Path.of(home);
    }
}
