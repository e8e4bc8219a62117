package tinyllm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class PerplexityCommandTest {

    private static final String TEXT = "The keeper counted ships, and wrote down the hour of each.\n".repeat(6);

    @TempDir
    private Path folder;

    private Path file;

    @BeforeEach
    void text() throws IOException {
        file = Files.writeString(folder.resolve("text.txt"), TEXT);
    }

    /** Its widths are multiples of 64: it can be quantized anew. */
    private static final String WIDE = Lab.CHECKPOINTS.resolve("mlx-q8-g64").toString();

    private Lab run(String... more) {
        return run(WIDE, more);
    }

    private Lab run(String model, String[] more) {
        String[] all = {"perplexity", "--model", model, "--file", file.toString()};
        String[] args = java.util.Arrays.copyOf(all, all.length + more.length);
        System.arraycopy(more, 0, args, all.length, more.length);
        return Lab.run(args);
    }

    @Test
    void asTheFileHasIt() {
        JsonNode json = run("--kernels", "reference", "--json").succeeds().json("perplexity");
        assertThat(json.get("mean_kl").asDouble()).isZero();
        assertThat(json.get("top_agreement").asDouble()).isEqualTo(1);
        assertThat(json.get("perplexity").asDouble())
                .isEqualTo(json.get("truth_perplexity").asDouble());
        assertThat(json.get("bits").isNull()).isTrue();
    }

    /** The loss is that of `logprobs` over the same ids. */
    @Test
    void agreesWithLogprobs() {
        JsonNode json = run("--kernels", "reference", "--tokens", "9", "--json")
                .succeeds()
                .json("perplexity");
        String ids = Lab.run("tokenize", "--model", WIDE, "--text", TEXT, "--json")
                .json("tokenize")
                .get("tokens")
                .valueStream()
                .limit(9)
                .map(JsonNode::asString)
                .collect(java.util.stream.Collectors.joining(","));
        double loss = Lab.run("logprobs", "--model", WIDE, "--kernels", "reference", "--tokens", ids, "--json")
                .json("logprobs")
                .get("positions")
                .valueStream()
                .filter(p -> !p.get("logprob").isNull())
                .mapToDouble(p -> -p.get("logprob").asDouble())
                .average()
                .orElseThrow();
        assertThat(json.get("predicted").asInt()).isEqualTo(8);
        assertThat(json.get("perplexity").asDouble()).isCloseTo(Math.exp(loss), within(1e-3));
    }

    @Test
    void fourBits() {
        JsonNode floats = run("--bits", "4", "--group", "32", "--activations", "float", "--json")
                .succeeds()
                .json("perplexity");
        JsonNode int8 = run("--bits", "4", "--group", "32", "--json").succeeds().json("perplexity");
        assertThat(floats.get("activations").asString()).isEqualTo("float");
        assertThat(floats.get("mean_kl").asDouble()).isPositive();
        assertThat(floats.get("kernels").asString()).isEqualTo("reference");
        assertThat(int8.get("activations").asString()).isEqualTo("int8");
        assertThat(int8.get("mean_kl").asDouble()).isPositive();
        assertThat(int8.get("stored_bytes").asLong())
                .isEqualTo(floats.get("stored_bytes").asLong())
                .isLessThan(int8.get("bfloat16_bytes").asLong() / 2);
    }

    /** Windows are read on their own: each loses one prediction. */
    @Test
    void windows() {
        JsonNode json =
                run("--window", "16", "--tokens", "48", "--json").succeeds().json("perplexity");
        assertThat(json.get("tokens").asInt()).isEqualTo(48);
        assertThat(json.get("predicted").asInt()).isEqualTo(45);
    }

    @Test
    void table() {
        assertThat(run("--bits", "8", "--tokens", "20").succeeds().out())
                .contains("at 8 bits, groups of 64, int8 activations", "perplexity", "same top token");
    }

    @Test
    void whatCantBe() throws IOException {
        run("--group", "32").failsWith(2, "--group comes with --bits");
        run("--bits", "7").failsWith(2, "bits is 7");
        run("--bits", "4", "--group", "48").failsWith(2, "group size is 48");
        run("--window", "1").failsWith(2, "--window must be in 2…256");
        run("--tokens", "1").failsWith(2, "--tokens must be 2 or more");
        run("--kernels", "own", "--activations", "float").failsWith(2, "--kernels own has int8 activations");
        Lab.run("perplexity", "--model", Lab.TINY, "--file", folder.toString()).failsWith(2, "is not a file");
        Files.write(file, new byte[] {(byte) 0xC3, 0x28});
        run().failsWith(1, "is not text in UTF-8");
        Files.writeString(file, "");
        run().failsWith(1, "has 0 tokens");
    }
}
