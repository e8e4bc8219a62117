package tinyllm.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

@Tag("slow")
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
        Map<String, String> usual =
                new LinkedHashMap<>(Map.of("--max-tokens", "6", "--batch-size", "3", "--prefill-step", "5"));
        usual.keySet().removeAll(List.of(more));
        List<String> words = new ArrayList<>(List.of("batch", "--model", Lab.TINY, "--raw"));
        words.addAll(List.of("--input", input.toString(), "--output", output.toString()));
        usual.forEach((option, value) -> words.addAll(List.of(option, value)));
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
                        7, "100000 (\"max_tokens\"), but both together may have 256 (the model's context): give",
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

    /** More lines wait than an engine takes from strangers. */
    @Test
    void aLargeBatchRefusesNothingOfItsOwn() throws IOException {
        Files.writeString(input, "{\"prompt\": \"x\", \"max_tokens\": 1}\n".repeat(1300));
        batch("--batch-size", "300", "--cache-tokens", "20000", "--json").succeeds();
        assertThat(answers())
                .hasSize(1300)
                .allSatisfy((line, answer) -> assertThat(answer.has("text")).isTrue());
    }

    @Test
    void aFailedLineIsAskedAgain() throws IOException {
        Files.writeString(input, "{\"prompt\": \"the end\"}\n{\"prompt\": 5}\n{\"prompt\": \"the sea\"}\n");
        Files.writeString(output, "{\"line\":3,\"error\":\"the engine does not serve now\"}\n");
        Lab first = batch("--json");
        assertThat(first.code()).isEqualTo(1);
        JsonNode said = JSON.readTree(first.out());
        assertThat(said.get("failed_before").asInt()).isEqualTo(1);
        assertThat(said.get("failed").asInt()).isEqualTo(1);
        assertThat(answer(answers(), 3).get("text").asString()).isEqualTo(text("the sea"));
        Lab second = batch();
        assertThat(second.code()).isEqualTo(1);
        assertThat(second.err()).contains("answered before: 2, failed before and asked again: 1");
        assertThat(second.out()).contains("holds an error for 1 of its lines");
        Files.writeString(input, "{\"prompt\": \"the end\"}\n{\"prompt\": \"5\"}\n{\"prompt\": \"the sea\"}\n");
        batch().succeeds();
        assertThat(answers())
                .hasSize(3)
                .allSatisfy((line, answer) -> assertThat(answer.has("error")).isFalse());
    }

    /** A refusal leaves the file as it is, its last line without an end included. */
    @Test
    void aFileOfSomebodyElseIsNotTouched() throws IOException {
        Files.writeString(input, "{\"prompt\": \"x\"}\n");
        for (byte[] notes :
                new byte[][] {"{\"line\":1}\nmine\nno end".getBytes(UTF_8), {'{', '}', (byte) 0xff, '\n'}}) {
            Files.write(output, notes);
            batch().failsWith(2, "is no output of ./lab batch");
            assertThat(Files.readAllBytes(output)).isEqualTo(notes);
        }
    }

    @Test
    @Timeout(10)
    void resumingTakesTimeByLinesNotByTheirSquare() throws IOException {
        int lines = 200_000;
        Files.writeString(input, "{\"prompt\":\"x\"}\n".repeat(lines));
        Files.write(
                output,
                IntStream.rangeClosed(1, lines)
                        .mapToObj(n -> "{\"line\":" + n + ",\"text\":\"\"}")
                        .toList());
        assertThat(batch().succeeds().err()).contains("answered before: 200000");
    }

    @Test
    void everyLineHasASeedOfItsOwn() throws IOException {
        String[] hot = {"--temperature", "1", "--json"};
        Files.writeString(input, "{\"prompt\":\"the sea\",\"seed\":9}\n" + "{\"prompt\":\"the sea\"}\n".repeat(8));
        long base = JSON.readTree(batch(hot).succeeds().out()).get("seed").asLong();
        Map<Integer, JsonNode> all = answers();
        assertThat(all.values().stream().map(a -> a.get("text").asString()).distinct())
                .hasSizeGreaterThan(6);
        assertThat(answer(all, 1).get("seed").asLong()).isEqualTo(9);
        String seed = answer(all, 5).get("seed").asString();
        assertThat(answer(all, 5).get("text").asString())
                .isEqualTo(text("the sea", "--temperature", "1", "--seed", seed));

        Files.writeString(output, answer(all, 4) + "\n");
        assertThat(JSON.readTree(batch(hot).succeeds().out()).get("seed").asLong())
                .isEqualTo(base);
        assertThat(answers()).isEqualTo(all);
        batch("--seed", Long.toString(base)).succeeds();
        batch("--seed", Long.toString(base + 1)).failsWith(2, "was begun with --seed " + base);
    }

    @Test
    void aPromptThatTheCacheHasNoRoomFor() throws IOException {
        Files.writeString(input, "{\"prompt\": \"abcdefghij abcdefghij abcdefghij abcdefghij\"}\n".repeat(2));
        Lab lab = batch("--cache-tokens", "32", "--max-tokens", "30");
        assertThat(lab.code()).isEqualTo(1);
        String error = answer(answers(), 1).get("error").asString();
        assertThat(error).contains("30 (--max-tokens)", "32 (--cache-tokens): give --cache-tokens ");
        String tokens = error.replaceAll(".*--cache-tokens (\\d+) or more.*", "$1");
        batch("--cache-tokens", tokens, "--max-tokens", "30").succeeds();
    }

    @Test
    void whatTheUserCanChange() {
        assertThat(BatchRoom.sentence(800, 256, false, 1024, 32768))
                .isEqualTo("the prompt has 800 tokens and its answer may have 256 (--max-tokens), but both together may"
                        + " have 1024 (--cache-tokens): give --cache-tokens 1056 or more, or --max-tokens 224 or less");
        assertThat(BatchRoom.sentence(1024, 256, true, 1024, 32768)).endsWith(": give --cache-tokens 1280 or more");
        assertThat(BatchRoom.sentence(800, 256, true, 1000, 1000))
                .endsWith("1000 (the model's context): give \"max_tokens\" 200 or less");
        assertThat(BatchRoom.sentence(800, 256, false, 500, 1000))
                .endsWith("give --max-tokens 200 or less and --cache-tokens 1000");
        assertThat(BatchRoom.sentence(1000, 1, false, 500, 1000)).endsWith("shorten the prompt");
    }

    /** JSON can write half a surrogate pair, and UTF-8 can't. */
    @Test
    void halfASurrogatePairIsKeptAsItsCode() throws IOException {
        Files.writeString(input, """
                {"id": "\\ud800", "prompt": "the end"}
                {"id": "\\ud83d\\ude00", "prompt": ["\\udc00"]}
                {"prompt": "the sea"}
                """);
        Lab lab = batch();
        assertThat(lab.code()).isEqualTo(1);
        assertThat(answers()).hasSize(3);
        assertThat(answer(answers(), 1).get("id").asString()).isEqualTo("\ud800");
        assertThat(answer(answers(), 2).get("id").asString()).isEqualTo("\ud83d\ude00");
        assertThat(answer(answers(), 3).get("text").asString()).isEqualTo(text("the sea"));
    }
}
