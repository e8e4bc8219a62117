package tinyllm.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** llama.cpp's batched decoding: the same requests on the same file, a sequence each in one context, greedy. */
public final class LlamaCppBatch {
    private final PeerEnvironment environment;
    private final Path model;
    private final int threads;

    /**
     * @param home the lab's home folder
     * @param model a GGUF file
     * @throws IllegalArgumentException if it is none
     */
    public LlamaCppBatch(Path home, Path model, int threads, Consumer<String> progress) {
        this.environment = LlamaCppRunner.environment(home, "llama_cpp_batch_peer.py", progress);
        this.model = LlamaCppRunner.gguf(model);
        this.threads = threads;
    }

    /** What stands in a report. */
    public String name() {
        return LlamaCppRunner.NAME;
    }

    /** Installs llama.cpp where it is not there yet. */
    public void prepare() throws IOException, InterruptedException {
        LlamaCppRunner.install(environment);
    }

    /**
     * Prompts and answers in a process of its own; loading the file is not counted.
     *
     * @param prompts ids of each request
     * @param newTokens that each request writes
     * @return {@code tokens_per_s} of all answers together, {@code prefill_s}, {@code decode_s}
     */
    Map<String, Object> run(List<int[]> prompts, int newTokens) throws IOException, InterruptedException {
        Path file = environment.folder().resolve("prompts.txt");
        Files.writeString(file, prompts.stream().map(LlamaCppRunner::line).collect(Collectors.joining("\n")));
        List<String> command = environment.command(
                model.toString(), file.toString(), Integer.toString(newTokens), Integer.toString(threads));
        return ChildProcess.json(command, OurRunner.threads(threads));
    }
}
