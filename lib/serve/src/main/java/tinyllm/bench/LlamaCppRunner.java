package tinyllm.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * llama.cpp through llama-cpp-python, built from source for this CPU in a virtual environment under the lab's home. It reads the same
 * GGUF file and the same prompt. AMX stays off: with it this version ends in an illegal instruction.
 */
public final class LlamaCppRunner implements Runner {

    private static final String VERSION = "0.3.36";

    static final String NAME = "llama.cpp (llama-cpp-python " + VERSION + ", AMX off)";

    /** The flags of -march=native switch AMX on whatever GGML_AMX_INT8 says; without this macro its code is not compiled. */
    private static final String BUILD =
            "-DGGML_NATIVE=ON -DCMAKE_C_FLAGS=-U__AMX_INT8__ -DCMAKE_CXX_FLAGS=-U__AMX_INT8__";

    private final PeerEnvironment environment;
    private final Path model;
    private final int[] prompt;

    /**
     * @param home the lab's home folder
     * @param model a GGUF file
     * @param prompt the ids that ours reads too
     */
    public LlamaCppRunner(Path home, Path model, int[] prompt, Consumer<String> progress) {
        this.environment = environment(home, "llama_cpp_peer.py", progress);
        this.model = gguf(model);
        this.prompt = prompt.clone();
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public void prepare(Plan plan) throws IOException, InterruptedException {
        install(environment);
        Files.writeString(ids(), line(prompt));
    }

    /** The one environment of all scripts that use llama.cpp. */
    static PeerEnvironment environment(Path home, String script, Consumer<String> progress) {
        return new PeerEnvironment(home, "llama.cpp", script, progress);
    }

    static void install(PeerEnvironment environment) throws IOException, InterruptedException {
        environment.prepare(
                "llama-cpp-python " + VERSION + " " + BUILD,
                "building llama-cpp-python " + VERSION + " in " + environment.folder() + " (once; some minutes)",
                List.of("--no-binary=llama-cpp-python", "llama-cpp-python==" + VERSION),
                Map.of("CMAKE_ARGS", BUILD));
    }

    /** Ids as the scripts read them. */
    static String line(int[] ids) {
        return Arrays.stream(ids).mapToObj(Integer::toString).collect(Collectors.joining(","));
    }

    /** The GGUF file, or what llama.cpp can't read. */
    static Path gguf(Path model) {
        if (!model.toString().endsWith(".gguf")) {
            throw new IllegalArgumentException("llama.cpp reads GGUF files, and " + model + " is none");
        }
        return model;
    }

    @Override
    public Map<String, Object> run(Plan plan) throws IOException, InterruptedException {
        List<String> command = environment.command(
                model.toString(),
                ids().toString(),
                Integer.toString(plan.newTokens()),
                Integer.toString(plan.threads()));
        Map<String, Object> row = new LinkedHashMap<>(ChildProcess.json(command, OurRunner.threads(plan.threads())));
        row.put("tokens_per_s", row.get(plan.kind().word() + "_tokens_per_s"));
        return row;
    }

    private Path ids() {
        return environment.folder().resolve("prompt.txt");
    }
}
