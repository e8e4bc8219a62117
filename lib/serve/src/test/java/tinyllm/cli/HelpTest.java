package tinyllm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HelpTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "doctor",
                "models",
                "generate",
                "batch",
                "chat",
                "logprobs",
                "perplexity",
                "tokenize",
                "detokenize",
                "bench",
                "serve",
                "film",
                "check"
            })
    void everyCommand(String command) {
        Lab lab = Lab.run(command, "--help").succeeds();
        assertThat(lab.out()).startsWith("Usage: ./lab " + command);
        assertThat(lab.err()).isEmpty();
    }

    @Test
    void fetch() {
        assertThat(Lab.run("models", "fetch", "--help").succeeds().out()).startsWith("Usage: ./lab models fetch");
    }

    @Test
    void benchServe() {
        assertThat(Lab.run("bench", "serve", "--help").succeeds().out())
                .startsWith("Usage: ./lab bench serve")
                .contains("--url", "--clients");
    }

    @Test
    void allCommands() {
        assertThat(Lab.run("--help").succeeds().out()).contains("generate", "logprobs", "Exit codes");
    }

    /** Help and lists are quick because they load neither MLX nor the classes of tensors. */
    @ParameterizedTest
    @ValueSource(strings = {"--help", "generate --help", "models --json"})
    @Tag("slow")
    void loadsNothingNative(String line) throws IOException, InterruptedException {
        List<String> command = new java.util.ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xlog:class+load:stdout:none",
                "-cp",
                System.getProperty("java.class.path"),
                "tinyllm.cli.Main"));
        command.addAll(List.of(line.split(" ")));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String loaded = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(loaded).isZero();
        assertThat(loaded)
                .contains("tinyllm.cli.Main")
                .doesNotContain("org.bytedeco.mlx", "tinyllm.tensor.DeviceThread");
    }
}
