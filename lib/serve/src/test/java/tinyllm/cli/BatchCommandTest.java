package tinyllm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

class BatchCommandTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    private Path input;
    private Path output;

    @BeforeEach
    void files() {
        input = folder.resolve("prompts.jsonl");
        output = folder.resolve("answers.jsonl");
    }

    private Lab batch(String... more) {
        List<String> words = new ArrayList<>(List.of(
                "batch",
                "--model",
                Lab.TINY,
                "--input",
                input.toString(),
                "--output",
                output.toString(),
                "--raw",
                "--max-tokens",
                "6",
                "--batch-size",
                "3",
                "--prefill-step",
                "5"));
        words.addAll(List.of(more));
        return Lab.run(words.toArray(String[]::new));
    }

    private Map<Integer, JsonNode> answers() throws IOException {
        Map<Integer, JsonNode> answers = new HashMap<>();
        for (String line : Files.readAllLines(output)) {
            JsonNode answer = JSON.readTree(line);
            assertThat(answers.put(answer.get("line").asInt(), answer)).isNull();
        }
        return answers;
    }

    private static JsonNode answer(Map<Integer, JsonNode> answers, int line) {
        return Objects.requireNonNull(answers.get(line));
    }

    private static String text(String prompt, String... more) {
        List<String> words = new ArrayList<>(
                List.of("generate", "--model", Lab.TINY, "--prompt", prompt, "--raw", "--max-tokens", "6", "--json"));
        words.addAll(List.of(more));
        return Lab.run(words.toArray(String[]::new))
                .succeeds()
                .json("generate")
                .get("text")
                .asString();
    }

    @Test
    void everyLineIsAnsweredAsItWouldBeAlone() throws IOException {
        Files.writeString(input, """
                {"id": "a", "prompt": "the end"}
                {"id": 7, "prompt": "a lighthouse", "temperature": 0.9, "seed": 5, "top_p": 0.9}

                {"prompt": "of the sea", "max_tokens": 2}
                """ + "{\"prompt\": \"once more\"}\n".repeat(8));
        JsonNode done = JSON.readTree(batch("--json").succeeds().out());
        assertThat(done.get("answered").asInt()).isEqualTo(11);
        assertThat(done.get("failed").asInt()).isZero();
        Map<Integer, JsonNode> answers = answers();
        assertThat(answers).hasSize(11).doesNotContainKey(3);
        assertThat(answer(answers, 1).get("id").asString()).isEqualTo("a");
        assertThat(answer(answers, 1).get("text").asString()).isEqualTo(text("the end"));
        assertThat(answer(answers, 2).get("id").asInt()).isEqualTo(7);
        assertThat(answer(answers, 2).get("text").asString())
                .isEqualTo(text("a lighthouse", "--temperature", "0.9", "--seed", "5", "--top-p", "0.9"));
        assertThat(answer(answers, 4).get("completion_tokens").asInt()).isEqualTo(2);
        assertThat(answer(answers, 12).get("text").asString()).isEqualTo(text("once more"));
    }

    @Test
    void aSecondRunGoesOnWhereTheFirstStopped() throws IOException {
        Files.writeString(
                input, "{\"prompt\": \"the end\"}\n{\"prompt\": \"a lighthouse\"}\n{\"prompt\": \"the sea\"}\n");
        Files.writeString(
                output,
                "{\"line\":2,\"text\":\"kept\"}\n{\"line\":1,\"text\":\"cut in the mid",
                StandardOpenOption.CREATE);
        JsonNode done = JSON.readTree(batch("--json").succeeds().out());
        assertThat(done.get("answered_before").asInt()).isEqualTo(1);
        assertThat(done.get("answered").asInt()).isEqualTo(2);
        assertThat(answer(answers(), 2).get("text").asString()).isEqualTo("kept");
        assertThat(answer(answers(), 1).get("text").asString()).isEqualTo(text("the end"));
        String whole = Files.readString(output);
        assertThat(JSON.readTree(batch("--json").succeeds().out())
                        .get("answered")
                        .asInt())
                .isZero();
        assertThat(Files.readString(output)).isEqualTo(whole);
    }

    @Test
    void aWrongLineFailsAlone() throws IOException {
        Files.writeString(input, """
                {"prompt": "the end"}
                {"prompt": 5}
                {"prompt": "x", "max_tokens": 1.5}
                {"prompt": "x", "temprature": 1}
                not json
                [1]
                {"prompt": "x", "max_tokens": 100000}
                {"prompt": "x", "stop": ""}
                {"prompt": "x", "temperature": -1}
                {"prompt": ""}
                """);
        Lab lab = batch("--json");
        assertThat(lab.code()).isEqualTo(1);
        Map<Integer, JsonNode> answers = answers();
        assertThat(answers).hasSize(10);
        assertThat(answer(answers, 1).get("text").asString()).isEqualTo(text("the end"));
        Map.of(
                        2, "\"prompt\" must be a text, but is 5",
                        3, "\"max_tokens\" must be a whole number, but is 1.5",
                        4, "there is no field \"temprature\"",
                        5, "the line is no JSON",
                        6, "the line is no JSON object",
                        7, "max_tokens is 100000",
                        8, "stop must have 1 to 256 bytes, but one has 0",
                        9, "temperature must be in 0…2 (0 is greedy), but is -1.0",
                        10, "the prompt is empty")
                .forEach((line, error) -> assertThat(
                                answer(answers, line).get("error").asString())
                        .contains(error));
    }

    @Test
    void wrongUsage() throws IOException {
        batch().failsWith(2, "there is no file");
        Files.writeString(input, "{\"prompt\": \"x\"}\n");
        Files.writeString(output, "notes of mine\n");
        batch().failsWith(2, "is no output of ./lab batch");
        Files.writeString(output, "{\"line\":9}\n");
        batch().failsWith(2, "answers line 9, which the input does not have");
        Files.delete(output);
        batch("--batch-size", "0").failsWith(2, "--batch-size");
        batch("--cache-tokens", "3").failsWith(2, "--cache-tokens must be 16 or more, but is 3");
    }

    @Test
    void aTraceOfTheSteps() throws IOException {
        Files.writeString(input, "{\"prompt\": \"the end\"}\n");
        Path trace = folder.resolve("trace.json");
        batch("--trace", trace.toString()).succeeds();
        assertThat(JSON.readTree(Files.readString(trace)).get("traceEvents").size())
                .isGreaterThan(6);
    }
}
