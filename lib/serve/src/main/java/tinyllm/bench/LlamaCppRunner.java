package tinyllm.bench;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * llama.cpp through llama-cpp-python, built from source for this CPU in a virtual environment under the lab's home. It reads the same
 * GGUF file and the same prompt. AMX stays off: with it this version ends in a segmentation fault.
 */
public final class LlamaCppRunner implements Runner {

    private static final String VERSION = "0.3.36";
    private static final String BUILD = "-DGGML_NATIVE=ON -DGGML_AMX_TILE=OFF -DGGML_AMX_INT8=OFF -DGGML_AMX_BF16=OFF";

    private final Path home;
    private final Path model;
    private final int[] prompt;
    private final Consumer<String> progress;

    /**
     * @param home the lab's home folder
     * @param model a GGUF file
     * @param prompt the ids that ours reads too
     */
    public LlamaCppRunner(Path home, Path model, int[] prompt, Consumer<String> progress) {
        if (!model.toString().endsWith(".gguf")) {
            throw new IllegalArgumentException("llama.cpp reads GGUF files, and " + model + " is none");
        }
        this.home = home.resolve("peers").resolve("llama.cpp");
        this.model = model;
        this.prompt = prompt.clone();
        this.progress = progress;
    }

    @Override
    public String name() {
        return "llama.cpp (llama-cpp-python " + VERSION + ", AMX off)";
    }

    @Override
    public void prepare(Plan plan) throws IOException, InterruptedException {
        Files.createDirectories(home);
        install();
        try (InputStream script =
                Objects.requireNonNull(LlamaCppRunner.class.getResourceAsStream("llama_cpp_peer.py"))) {
            Files.copy(script, script(), StandardCopyOption.REPLACE_EXISTING);
        }
        Files.writeString(
                ids(), Arrays.stream(prompt).mapToObj(Integer::toString).collect(Collectors.joining(",")));
    }

    @Override
    public Map<String, Object> run(Plan plan) throws IOException, InterruptedException {
        List<String> command = List.of(
                venvPython(),
                script().toString(),
                model.toString(),
                ids().toString(),
                Integer.toString(plan.newTokens()),
                Integer.toString(plan.threads()));
        Map<String, Object> row = new LinkedHashMap<>(ChildProcess.json(command, OurRunner.threads(plan.threads())));
        row.put("tokens_per_s", row.get(plan.kind().word() + "_tokens_per_s"));
        return row;
    }

    /** A stamp is written last, so that an interrupted installation is done again. */
    private void install() throws IOException, InterruptedException {
        Path stamp = home.resolve("installed");
        String wanted = "llama-cpp-python " + VERSION + " " + BUILD;
        if (Files.exists(stamp) && Files.readString(stamp).equals(wanted)) {
            return;
        }
        progress.accept("building llama-cpp-python " + VERSION + " in " + home + " (once; some minutes)");
        String base = Objects.requireNonNullElse(System.getenv("TINYLLM_PYTHON"), "python3");
        ChildProcess.run(
                List.of(base, "-m", "venv", "--clear", home.resolve("venv").toString()), Map.of());
        ChildProcess.run(
                List.of(
                        venvPython(),
                        "-m",
                        "pip",
                        "install",
                        "--quiet",
                        "--disable-pip-version-check",
                        "--no-binary=llama-cpp-python",
                        "llama-cpp-python==" + VERSION),
                Map.of("CMAKE_ARGS", BUILD));
        Files.writeString(stamp, wanted);
    }

    private String venvPython() {
        return home.resolve("venv").resolve("bin").resolve("python").toString();
    }

    private Path script() {
        return home.resolve("llama_cpp_peer.py");
    }

    private Path ids() {
        return home.resolve("prompt.txt");
    }
}
