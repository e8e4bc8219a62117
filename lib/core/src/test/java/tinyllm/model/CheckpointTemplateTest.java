package tinyllm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tinyllm.text.ChatTemplate;
import tinyllm.weights.Checkpoint;

/** The chat template that a checkpoint brings, wherever it keeps it. */
class CheckpointTemplateTest {

    private static final Path CHECKPOINTS = Path.of("src/test/resources/checkpoints");
    private static final String EXPECTED = "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n";

    @TempDir
    private Path folder;

    @Test
    void fromTokenizerConfig() {
        assertThat(render(CHECKPOINTS.resolve("qwen2-tied-bf16"))).isEqualTo(EXPECTED);
    }

    @Test
    void fromGguf() {
        assertThat(render(CHECKPOINTS.resolve("qwen2-gguf").resolve("model.gguf")))
                .isEqualTo(EXPECTED);
    }

    @Test
    void fileBesideWinsAndPrintsSpecialTokens() throws Exception {
        copy();
        Files.writeString(folder.resolve("chat_template.jinja"), "{{ eos_token }}{{ messages[0].content }}");
        assertThat(render(folder)).isEqualTo("<|im_end|>Hi");
    }

    @Test
    void listOfNamedTemplates() throws Exception {
        copy();
        String named = """
                {"eos_token": {"content": "<end>"}, "chat_template": [{"name": "tool_use", "template": "no"},
                 {"name": "default", "template": "yes {{ eos_token }}"}]}""";
        Files.writeString(folder.resolve("tokenizer_config.json"), named, StandardCharsets.UTF_8);
        assertThat(render(folder)).isEqualTo("yes <end>");
    }

    @Test
    void none() throws Exception {
        copy();
        Files.delete(folder.resolve("tokenizer_config.json"));
        assertThatThrownBy(() -> render(folder))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no chat template");
    }

    private void copy() throws Exception {
        try (Stream<Path> files = Files.list(CHECKPOINTS.resolve("qwen2-tied-bf16"))) {
            for (Path file : files.toList()) {
                Files.copy(file, folder.resolve(file.getFileName().toString()));
            }
        }
    }

    private static String render(Path path) {
        try (Checkpoint checkpoint = Checkpoint.open(path)) {
            ChatTemplate template = TextReader.read("tiny", checkpoint).chatTemplate();
            return template.render(List.of(Map.of("role", "user", "content", "Hi")), List.of(), true)
                    .toString();
        }
    }
}
