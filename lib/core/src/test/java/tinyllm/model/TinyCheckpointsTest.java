package tinyllm.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tinyllm.tensor.Tensor;
import tinyllm.tensor.Verdict;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** Tiny random checkpoints that transformers, mlx-lm and gguf wrote, against the logits that those computed in float32. */
class TinyCheckpointsTest {
    private static final Path CHECKPOINTS = Path.of("src/test/resources/checkpoints");
    private static final double TOLERANCE = 1e-4;

    static List<Path> folders() throws IOException {
        try (Stream<Path> all = Files.list(CHECKPOINTS)) {
            return all.sorted().toList();
        }
    }

    @ParameterizedTest
    @MethodSource("folders")
    void logits(Path folder) throws IOException {
        Path gguf = folder.resolve("model.gguf");
        CausalLm model = Models.load((Files.exists(gguf) ? gguf : folder).toString());
        int cases = 0;
        for (JsonNode golden : new ObjectMapper().readTree(Files.readString(folder.resolve("golden.json")))) {
            int[] tokens =
                    golden.get("tokens").valueStream().mapToInt(JsonNode::asInt).toArray();
            Tensor expected = logits(golden.get("logits").asString(), tokens.length);
            check(expected, model.logits(tokens));
            check(expected.at(tokens.length - 1), model.lastLogits(tokens));
            cases++;
        }
        assertThat(cases).isEqualTo(2);
    }

    private static void check(Tensor expected, Tensor actual) {
        Verdict verdict = Verdict.compare(expected, actual, 0, TOLERANCE);
        assertThat(verdict.ok()).as(verdict.message()).isTrue();
    }

    private static Tensor logits(String base64, int length) {
        ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(base64)).order(ByteOrder.LITTLE_ENDIAN);
        float[] values = new float[bytes.remaining() / Float.BYTES];
        bytes.asFloatBuffer().get(values);
        return Tensor.of(values, length, values.length / length);
    }
}
