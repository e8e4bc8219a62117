package tinyllm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

class LogprobsCommandTest {

    private static final int VOCABULARY = 272;

    /** transformers' own logits, made into log-probabilities here. */
    @Test
    void whatTransformersComputed() throws IOException {
        JsonNode golden = new ObjectMapper()
                .readTree(Files.readString(
                        Lab.CHECKPOINTS.resolve("qwen2-tied-bf16").resolve("golden.json")))
                .get(1);
        List<Integer> tokens =
                golden.get("tokens").valueStream().map(JsonNode::asInt).toList();
        FloatBuffer logits = ByteBuffer.wrap(
                        Base64.getDecoder().decode(golden.get("logits").asString()))
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer();
        String ids = tokens.stream().map(String::valueOf).collect(Collectors.joining(","));
        JsonNode positions = Lab.run("logprobs", "--model", Lab.TINY, "--tokens", ids, "--top", "7", "--json")
                .succeeds()
                .json("logprobs")
                .get("positions");
        assertThat(positions.size()).isEqualTo(tokens.size());
        for (int i = 0; i < tokens.size(); i++) {
            double[] expected = logSoftmax(logits, i);
            JsonNode position = positions.get(i);
            if (i + 1 < tokens.size()) {
                assertThat(position.get("token").asInt()).isEqualTo(tokens.get(i + 1));
                assertThat(position.get("logprob").asDouble()).isCloseTo(expected[tokens.get(i + 1)], within(1e-4));
            } else {
                assertThat(position.get("token").isNull()).isTrue();
                assertThat(position.get("logprob").isNull()).isTrue();
            }
            List<Integer> best = IntStream.range(0, VOCABULARY)
                    .boxed()
                    .sorted(Comparator.comparingDouble(id -> -expected[id]))
                    .limit(7)
                    .toList();
            assertThat(position.get("top").valueStream().map(t -> t.get(0).asInt()))
                    .containsExactlyElementsOf(best);
            position.get("top")
                    .forEach(t -> assertThat(t.get(1).asDouble())
                            .isCloseTo(expected[t.get(0).asInt()], within(1e-4)));
        }
    }

    @Test
    void withoutTop() {
        JsonNode positions = Lab.run("logprobs", "--model", Lab.TINY, "--tokens", "5", "--top", "0", "--json")
                .succeeds()
                .json("logprobs")
                .get("positions");
        assertThat(positions.get(0).get("top").size()).isZero();
    }

    @Test
    void wholeVocabularySumsToOne() {
        String all = Integer.toString(VOCABULARY);
        JsonNode top = Lab.run("logprobs", "--model", Lab.TINY, "--tokens", "5", "--top", all, "--json")
                .succeeds()
                .json("logprobs")
                .get("positions")
                .get(0)
                .get("top");
        double sum = top.valueStream()
                .mapToDouble(t -> Math.exp(t.get(1).asDouble()))
                .sum();
        assertThat(top.size()).isEqualTo(VOCABULARY);
        assertThat(sum).isCloseTo(1, within(1e-9));
    }

    @Test
    void tiesByRisingId() {
        LogProbs tied = LogProbs.of(new float[] {1, 3, 2, 3, 3}, null, 4, 0);
        assertThat(tied.top()).extracting(LogProbs.Candidate::id).containsExactly(1, 3, 4, 2);
    }

    @Test
    void table() {
        Lab lab = Lab.run("logprobs", "--model", Lab.TINY, "--tokens", "72,105").succeeds();
        assertThat(lab.out()).contains("after 72 \"").contains("the end");
    }

    private static double[] logSoftmax(FloatBuffer logits, int row) {
        double sum = 0;
        double[] values = new double[VOCABULARY];
        for (int id = 0; id < VOCABULARY; id++) {
            values[id] = logits.get(row * VOCABULARY + id);
            sum += Math.exp(values[id]);
        }
        for (int id = 0; id < VOCABULARY; id++) {
            values[id] -= Math.log(sum);
        }
        return values;
    }
}
