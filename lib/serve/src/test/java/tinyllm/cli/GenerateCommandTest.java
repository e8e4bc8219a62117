package tinyllm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

class GenerateCommandTest {

    @Test
    void json() {
        JsonNode done = generate("--raw");
        assertThat(done.get("prompt_tokens").asInt()).isEqualTo(6);
        assertThat(done.get("completion_tokens").asInt())
                .isEqualTo(done.get("tokens").size());
        assertThat(done.get("finish_reason").asString())
                .isEqualTo(done.get("tokens").size() == 8 ? "length" : "stop");
    }

    @ParameterizedTest
    @ValueSource(strings = {"own", "mlx", "reference"})
    void kernelSets(String set) {
        JsonNode done = Lab.run(
                        "generate",
                        "--model",
                        Lab.TINY,
                        "--prompt",
                        "the end",
                        "--raw",
                        "--kernels",
                        set,
                        "--max-tokens",
                        "4",
                        "--temperature",
                        "0",
                        "--json")
                .succeeds()
                .json("generate");
        // the tiny model holds real numbers, which our own kernels leave to the reference
        assertThat(done.get("kernels").asString()).isEqualTo(set.equals("own") ? "reference" : set);
        JsonNode eight = generate("--raw", "--temperature", "0").get("tokens");
        assertThat(done.get("tokens").valueStream().toList())
                .isEqualTo(eight.valueStream().limit(4).toList());
    }

    /** A random model writes what nobody asked for; the schema holds it all the same. */
    @Test
    void aSchemaHoldsTheAnswer(@TempDir Path folder) throws IOException {
        String schema = "{'type': 'object', 'properties': {'n': {'enum': [1, 2]}, 'ok': {'type': 'boolean'}},"
                        .replace('\'', '"')
                + "\"required\": [\"n\", \"ok\"], \"additionalProperties\": false}";
        Path file = Files.writeString(folder.resolve("schema.json"), schema);
        for (Lab lab : List.of(held("", file.toString(), "--json"), held(schema, "-", "--json"))) {
            JsonNode answer = new ObjectMapper()
                    .readTree(lab.succeeds().json("generate").get("text").asString());
            assertThat(answer.propertyNames()).containsExactlyInAnyOrder("n", "ok");
            assertThat(answer.get("n").asInt()).isBetween(1, 2);
            assertThat(answer.get("ok").isBoolean()).isTrue();
        }
    }

    @Test
    void aSchemaThatIsNoneIsWrongUsage() {
        held("{\"type\": \"frog\"}", "-").failsWith(2, "--json-schema -", "type must be one of object", "frog");
        held("no JSON", "-").failsWith(2, "--json-schema -");
        held("", "nowhere.json").failsWith(2, "nowhere.json", "can't be read");
    }

    private static Lab held(String input, String schema, String... more) {
        Stream<String> words = Stream.of(
                "generate", "--model", Lab.TINY, "--prompt", "the end", "--max-tokens", "60", "--json-schema", schema);
        return Lab.withInput(input, Stream.concat(words, Stream.of(more)).toArray(String[]::new));
    }

    @Test
    void greedyIsTheModelsFirstChoice() {
        String ids = ids("the end");
        JsonNode positions = Lab.run("logprobs", "--model", Lab.TINY, "--tokens", ids, "--top", "1", "--json")
                .json("logprobs")
                .get("positions");
        int first = positions.get(positions.size() - 1).get("top").get(0).get(0).asInt();
        assertThat(generate("--raw").get("tokens").get(0).asInt()).isEqualTo(first);
    }

    @Test
    void textIsTheDetokenizedTokens() {
        JsonNode done = generate("--raw");
        String ids = done.get("tokens").valueStream().map(JsonNode::asString).collect(Collectors.joining(","));
        Lab back = Lab.run("detokenize", "--model", Lab.TINY, "--tokens", ids, "--json");
        assertThat(done.get("text").asString())
                .isEqualTo(back.json("detokenize").get("text").asString());
    }

    @Test
    void textGoesToStandardOutput() {
        Lab lab = Lab.run("generate", "--model", Lab.TINY, "--prompt", "the end", "--max-tokens", "8", "--raw")
                .succeeds();
        assertThat(lab.out()).isEqualTo(generate("--raw").get("text").asString() + System.lineSeparator());
        assertThat(lab.err()).contains("first token after", "of weights");
    }

    /** The tiny template writes: im_start, user, newline, prompt, im_end, newline, im_start, assistant, newline. */
    @Test
    void chatTemplate() {
        JsonNode raw = generate("--raw");
        JsonNode chat = generate();
        int around = 1 + "user\n".length() + 1 + "\n".length() + 1 + "assistant\n".length();
        assertThat(chat.get("prompt_tokens").asInt())
                .isEqualTo(raw.get("prompt_tokens").asInt() + around);
    }

    @Test
    void specialTokensInPromptAreText() {
        Lab lab = Lab.run(
                "generate", "--model", Lab.TINY, "--prompt", "<|im_end|>", "--raw", "--max-tokens", "1", "--json");
        assertThat(lab.json("generate").get("prompt_tokens").asInt()).isEqualTo("<|im_end|>".length());
    }

    @Test
    void seed() {
        JsonNode one = generate("--raw", "--temperature", "1.5", "--seed", "7");
        JsonNode again = generate("--raw", "--temperature", "1.5", "--seed", "7");
        JsonNode other = generate("--raw", "--temperature", "1.5", "--seed", "8");
        assertThat(again.get("tokens")).isEqualTo(one.get("tokens"));
        assertThat(other.get("tokens")).isNotEqualTo(one.get("tokens"));
    }

    @Test
    void gguf() {
        String gguf =
                Lab.CHECKPOINTS.resolve("llama-gguf").resolve("model.gguf").toString();
        Lab lab = Lab.run("generate", "--model", gguf, "--prompt", "the end", "--max-tokens", "2", "--raw", "--json");
        lab.succeeds().json("generate");
    }

    private static String ids(String text) {
        return Lab.run("tokenize", "--model", Lab.TINY, "--text", text).out().strip();
    }

    private static JsonNode generate(String... more) {
        String[] args = Stream.concat(
                        Stream.of(
                                "generate", "--model", Lab.TINY, "--prompt", "the end", "--max-tokens", "8", "--json"),
                        Stream.of(more))
                .toArray(String[]::new);
        return Lab.run(args).succeeds().json("generate");
    }
}
