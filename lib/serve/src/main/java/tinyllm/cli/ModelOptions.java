package tinyllm.cli;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import tinyllm.kernel.KernelSet;
import tinyllm.model.CausalLm;
import tinyllm.model.Models;
import tinyllm.tensor.Device;

/** The options of every command that runs a model. */
final class ModelOptions {

    @Option(
            names = "--model",
            required = true,
            paramLabel = "M",
            description = "a name of ./lab models, a .gguf file, or a folder with safetensors")
    private String model;

    @Option(names = "--threads", paramLabel = "N", description = "threads that compute (default: all cores)")
    private @Nullable Integer threads;

    @Option(
            names = "--kernels",
            paramLabel = "SET",
            description = "own (default on a CPU), mlx (default on a GPU) or reference: dequantized float32, nothing"
                    + " remembered")
    private @Nullable KernelSet kernels;

    @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
    ModelOptions() {}

    String name() {
        return model;
    }

    /** Loads the model, with the threads and kernels that were asked for. */
    CausalLm load(OutputOptions output) {
        return load(output, false);
    }

    /** @param parts whether a learner's parts will stand in the model: they do in the reference alone */
    CausalLm load(OutputOptions output, boolean parts) {
        if (parts && kernels != null && kernels != KernelSet.REFERENCE) {
            throw CommandException.wrongUsage(
                    "--solution mine runs on --kernels reference, where parts can be replaced");
        }
        useThreads();
        KernelSet set = kernels(parts ? KernelSet.REFERENCE : KernelSet.standard(Device.current()));
        LoadProgress progress = new LoadProgress(output);
        return reading(model, () -> Models.load(model, set, progress));
    }

    /**
     * Loads the model for an engine, which has places for a learner's answers beside the model's parts: with other kernels than the
     * reference these alone are taken.
     */
    CausalLm loadForEngine(OutputOptions output, boolean mine) {
        return load(output, mine && (kernels == null || kernels == KernelSet.REFERENCE));
    }

    /** The kernels that were asked for, or others where none were. */
    KernelSet kernels(KernelSet otherwise) {
        return kernels == null ? otherwise : kernels;
    }

    /** Sets the number of threads that was asked for, if any was. */
    void useThreads() {
        if (threads != null) {
            Threads.use(threads);
        }
    }

    /** A name that leads nowhere is the user's mistake; a file that is there and cannot be read is a failure. */
    static <T> T reading(String model, Supplier<T> reader) {
        try {
            return reader.get();
        } catch (IllegalArgumentException e) {
            String message = String.valueOf(e.getMessage());
            throw isThere(model) ? CommandException.failed(message) : CommandException.wrongUsage(message);
        }
    }

    private static boolean isThere(String model) {
        try {
            return Files.exists(Path.of(model));
        } catch (InvalidPathException e) {
            return false;
        }
    }
}
