package tinyllm.cli;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tinyllm.bench.ServerProcess;
import tinyllm.load.Api;
import tinyllm.load.Load;
import tinyllm.load.Prompts;
import tinyllm.model.Models;
import tinyllm.text.Tokenizer;

/** A load for a server. */
@Command(
        name = "serve",
        description =
                "Load a server that speaks OpenAI's protocol as people would, and measure what they see: time to the first token,"
                        + " between tokens and to the end, tokens/s, goodput, and errors. Without --url it starts ./lab serve.")
final class ServeBenchCommand implements Callable<Integer> {

    @Mixin
    private OutputOptions output;

    @Mixin
    private LoadOptions load;

    @Option(names = "--url", paramLabel = "URL", description = "a server that runs, such as http://localhost:8080")
    private @Nullable String url;

    @Option(
            names = "--model",
            paramLabel = "M",
            description =
                    "with --url the name to ask for (default: the first that it lists), else the model to serve (default:"
                            + " qwen2.5-coder-0.5b)")
    private @Nullable String model;

    @Option(
            names = "--threads",
            paramLabel = "N",
            defaultValue = "2",
            description = "of the server that it starts (default: ${DEFAULT-VALUE})")
    private int threads;

    @Option(
            names = "--warm-up",
            paramLabel = "N",
            defaultValue = "4",
            description = "requests before the load that are not counted (default: ${DEFAULT-VALUE})")
    private int warmUp;

    @Option(
            names = "--vs",
            split = ",",
            paramLabel = "PEER",
            description =
                    "compare instead, in turn and with fixed lengths (8 clients, 32 requests, 128 tokens in and 64 out, where"
                            + " not said otherwise): llama.cpp (its server, built from source), engine (ours without HTTP)")
    private List<String> peers = List.of();

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "3",
            description = "of --vs (default: ${DEFAULT-VALUE})")
    private int rounds;

    @Option(
            names = "--out",
            paramLabel = "FOLDER",
            description = "where the charts go: latency.png, requests.png, rate.png (default: target/serve)")
    private @Nullable String out;

    @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
    ServeBenchCommand() {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        load.check();
        if (warmUp < 0) {
            throw CommandException.wrongUsage("--warm-up must be 0 or more, but is " + warmUp);
        }
        ServerFigures.check(peers);
        if (!peers.isEmpty()) {
            return compare();
        }
        LoadFigures figures = new LoadFigures(output, load, warmUp, folder());
        if (url != null) {
            Load asked = load.on(url);
            return figures.run(model == null ? asked : asked.model(model));
        }
        String served = served();
        Prompts prompts = prompts(served);
        output.note("starting ./lab serve --model " + served + " --threads " + threads);
        try (ServerProcess server = ServerProcess.lab(served, threads, List.of("--max-queue", "4096"))) {
            return figures.run(load.on(server.url()).prompts(prompts));
        }
    }

    private int compare() throws IOException, InterruptedException {
        if (url != null) {
            throw CommandException.wrongUsage("--vs starts the servers itself: leave out --url");
        }
        if (rounds < 1) {
            throw CommandException.wrongUsage("--rounds must be 1 or more, but is " + rounds);
        }
        return new ServerFigures(output, served(), threads, rounds, load.fixed()).run(peers);
    }

    private String served() {
        return model == null ? "qwen2.5-coder-0.5b" : model;
    }

    /** With the model at hand, prompts that are continued as they stand have exactly the tokens that were asked for. */
    private Prompts prompts(String served) {
        Tokenizer tokenizer = ModelOptions.reading(served, () -> Models.tokenizer(served));
        return load.api() == Api.CHAT
                ? Prompts.words(load.seed())
                : Prompts.exactly(load.seed(), text -> tokenizer.encode(text).length);
    }

    private Path folder() {
        String root = System.getenv("TINYLLM_ROOT");
        try {
            return out == null ? Path.of(root == null ? "." : root, "target", "serve") : Path.of(out);
        } catch (InvalidPathException e) {
            throw CommandException.wrongUsage("--out is no folder's name: " + e.getMessage());
        }
    }
}
