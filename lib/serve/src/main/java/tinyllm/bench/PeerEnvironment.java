package tinyllm.bench;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * A peer's folder under the lab's home: a virtual environment that is installed once, and the script that runs in it. It owns that
 * folder; two processes that install the same peer at once are not expected.
 */
final class PeerEnvironment {

    private final Path folder;
    private final String script;
    private final Consumer<String> progress;

    /**
     * @param home the lab's home folder
     * @param peer the folder's name under {@code peers/}
     * @param script a resource of this package, copied anew each time since the environment outlives versions of the lab
     */
    PeerEnvironment(Path home, String peer, String script, Consumer<String> progress) {
        this.folder = home.resolve("peers").resolve(peer);
        this.script = script;
        this.progress = progress;
    }

    Path folder() {
        return folder;
    }

    /**
     * Installs what is not there in this version; a stamp is written last, so that an interrupted installation is done again.
     *
     * @param stamp versions and options: another text means another installation
     * @param message said before the installation begins
     * @param packages what pip is asked for, its options among them
     * @param environment of pip
     */
    void prepare(String stamp, String message, List<String> packages, Map<String, String> environment)
            throws IOException, InterruptedException {
        Files.createDirectories(folder);
        Path installed = folder.resolve("installed");
        if (!Files.exists(installed) || !Files.readString(installed).equals(stamp)) {
            progress.accept(message);
            install(packages, environment);
            Files.writeString(installed, stamp);
        }
        try (InputStream source = Objects.requireNonNull(PeerEnvironment.class.getResourceAsStream(script), script)) {
            Files.copy(source, folder.resolve(script), StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private void install(List<String> packages, Map<String, String> environment)
            throws IOException, InterruptedException {
        String base = Objects.requireNonNullElse(System.getenv("TINYLLM_PYTHON"), "python3");
        ChildProcess.run(
                List.of(base, "-m", "venv", "--clear", folder.resolve("venv").toString()), Map.of());
        List<String> pip = new ArrayList<>(
                List.of(venvPython(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"));
        pip.addAll(packages);
        ChildProcess.run(pip, environment);
    }

    /** The command that runs the script with these arguments. */
    List<String> command(String... arguments) {
        List<String> all =
                new ArrayList<>(List.of(venvPython(), folder.resolve(script).toString()));
        all.addAll(List.of(arguments));
        return all;
    }

    private String venvPython() {
        return folder.resolve("venv").resolve("bin").resolve("python").toString();
    }
}
