package tinyllm.text;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import tinyllm.weights.format.GgufHeader;

/** The metadata of the course's two models, for tests that are skipped where the files are not. */
final class LocalModels {
    private LocalModels() {}

    static Map<String, Object> qwen() {
        return metadata("qwen2.5-coder-0.5b/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf");
    }

    static Map<String, Object> smollm2() {
        return metadata("smollm2-135m/SmolLM2-135M-Instruct.Q4_1.gguf");
    }

    static Path home() {
        String home = System.getenv("TINYLLM_HOME");
        return home != null ? Path.of(home) : Path.of(System.getProperty("user.home"), ".cache", "tinyllm");
    }

    private static Map<String, Object> metadata(String name) {
        Path file = home().resolve("models").resolve(name);
        assumeTrue(Files.exists(file), () -> name + " is not here: ./lab models fetch gets it");
        try (FileChannel channel = FileChannel.open(file);
                Arena arena = Arena.ofConfined()) {
            return Objects.requireNonNull(
                    GgufHeader.read(channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena))
                            .metadata());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
