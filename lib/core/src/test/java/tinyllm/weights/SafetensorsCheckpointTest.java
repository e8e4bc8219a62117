package tinyllm.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tinyllm.tensor.DType;
import tinyllm.weights.format.FormatException;

@Tag("slow")
class SafetensorsCheckpointTest {
    @TempDir
    Path root;

    private Path folder;

    @BeforeEach
    void makeFolder() throws IOException {
        folder = Files.createDirectory(root.resolve("model"));
    }

    private void config(String json) throws IOException {
        Files.writeString(folder.resolve("config.json"), json);
    }

    private void index(String map) throws IOException {
        Files.writeString(folder.resolve(ShardIndex.FILE), "{\"metadata\":{},\"weight_map\":{" + map + "}}");
    }

    private void refused(String... parts) {
        assertThatThrownBy(() -> Checkpoint.open(folder))
                .isInstanceOf(FormatException.class)
                .satisfies(e -> assertThat(e.getMessage()).contains(parts));
    }

    private static SafetensorsBuilder one(String name) {
        return new SafetensorsBuilder().floats(name, new float[] {1, 2, 3, 4}, 2, 2);
    }

    @Test
    void fileOrFolder() throws IOException {
        Path file = one("model.norm.weight").write(folder.resolve("model.safetensors"));
        config("{\"model_type\":\"qwen2\",\"rope_scaling\":null,\"rope_theta\":1e6,\"model_file\":\"x.py\"}");
        Files.writeString(folder.resolve("tokenizer.json"), "{}");
        for (Path path : new Path[] {file, folder}) {
            try (Checkpoint checkpoint = Checkpoint.open(path)) {
                assertThat(checkpoint.names()).containsExactly("model.norm.weight");
                assertThat(checkpoint.shape("model.norm.weight")).containsExactly(2, 2);
                assertThat(Values.floats(checkpoint, "model.norm.weight")).containsExactly(1, 2, 3, 4);
                assertThat(checkpoint.config()).containsEntry("rope_theta", 1e6).doesNotContainKey("rope_scaling");
                assertThat(checkpoint.textFile("tokenizer.json")).isEqualTo("{}");
                assertThat(checkpoint.textFile("absent.json")).isNull();
                assertThatThrownBy(() -> checkpoint.textFile("../secret")).hasMessageContaining("plain file name");
                assertThat(checkpoint.metadata()).isEmpty();
            }
        }
    }

    @Test
    void shards() throws IOException {
        one("a").write(folder.resolve("model-00001-of-00002.safetensors"));
        one("b").write(folder.resolve("model-00002-of-00002.safetensors"));
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(checkpoint.names()).containsExactlyInAnyOrder("a", "b");
        }
        index("\"a\":\"model-00001-of-00002.safetensors\",\"b\":\"model-00002-of-00002.safetensors\"");
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(Values.floats(checkpoint, "b")).containsExactly(1, 2, 3, 4);
        }
        index("\"a\":\"model-00001-of-00002.safetensors\",\"b\":\"model-00001-of-00002.safetensors\"");
        refused("\"b\"", "is not");
        Files.delete(folder.resolve(ShardIndex.FILE));
        Files.delete(folder.resolve("model-00002-of-00002.safetensors"));
        one("c").write(folder.resolve("model-00003-of-00002.safetensors"));
        one("c").write(folder.resolve("model-00004-of-00002.safetensors"));
        refused("3 of 2 shards");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../secret.safetensors",
                "/etc/passwd.safetensors",
                "sub/x.safetensors",
                "..\\\\x.safetensors",
                "x\\u0000.safetensors",
                ".hidden.safetensors"
            })
    void indexThatLeadsOut(String shard) throws IOException {
        one("a").write(root.resolve("secret.safetensors"));
        index("\"a\":\"" + shard + "\"");
        refused("plain file name");
    }

    @Test
    void indexThatNamesWhatIsNoShard() throws IOException {
        index("\"a\":\"/etc/passwd\"");
        refused("no .safetensors file");
        index("\"a\":7");
        refused("no .safetensors file");
        index("\"a\":\"missing.safetensors\"");
        refused("missing.safetensors", "is missing");
        Files.writeString(folder.resolve(ShardIndex.FILE), "{}");
        refused("weight_map");
    }

    @Test
    void linkOutOfTheFolder() throws IOException {
        Path secret = one("a").write(root.resolve("secret.safetensors"));
        Files.createSymbolicLink(folder.resolve("model.safetensors"), secret);
        refused("link out of its folder");
    }

    @Test
    void linksOfTheHuggingFaceCache() throws IOException {
        Path blobs = Files.createDirectories(root.resolve("models--a--b/blobs"));
        folder = Files.createDirectories(root.resolve("models--a--b/snapshots/0123"));
        one("a").write(blobs.resolve("digest"));
        Files.createSymbolicLink(folder.resolve("model.safetensors"), Path.of("../../blobs/digest"));
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(checkpoint.names()).containsExactly("a");
        }
    }

    @Test
    void configThatIsTooLong() throws IOException {
        one("a").write(folder.resolve("model.safetensors"));
        Files.write(folder.resolve("config.json"), new byte[(16 << 20) + 1]);
        refused("config.json", "limit");
    }

    @Test
    void twoTensorsOfOneNameInTwoShards() throws IOException {
        one("a").write(folder.resolve("model-00001-of-00002.safetensors"));
        one("a").write(folder.resolve("model-00002-of-00002.safetensors"));
        refused("\"a\" is in two shards");
    }

    private SafetensorsBuilder triple(AffineQuantization form, float[] weights, int rows, int cols) {
        AffineQuantization.Packed packed = form.quantize(weights, rows, cols);
        ByteBuffer words = ByteBuffer.allocate(4 * packed.words().length).order(ByteOrder.LITTLE_ENDIAN);
        words.asIntBuffer().put(packed.words());
        return new SafetensorsBuilder()
                .tensor("l.weight", "U32", words.array(), rows, cols * form.bits() / 32)
                .floats("l.scales", packed.scales(), rows, cols / form.groupSize())
                .floats("l.biases", packed.biases(), rows, cols / form.groupSize());
    }

    @ParameterizedTest
    @CsvSource({"2,32", "3,64", "4,32", "4,64", "4,128", "5,32", "6,64", "8,128"})
    void mlxTriple(int bits, int group) throws IOException {
        float[] weights = new float[300 * 256];
        Random random = new Random(bits);
        for (int i = 0; i < weights.length; i++) {
            weights[i] = (float) random.nextGaussian();
        }
        AffineQuantization form = new AffineQuantization(bits, group);
        triple(form, weights, 300, 256).write(folder.resolve("model.safetensors"));
        config("{\"quantization\":{\"group_size\":" + group + ",\"bits\":" + bits + "}}");
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(checkpoint.names()).containsExactly("l.weight");
            assertThat(checkpoint.shape("l.weight")).containsExactly(300, 256);
            assertThat(checkpoint.fileBytes("l.weight")).isEqualTo(300 * 256 * bits / 8 + 2 * 4 * 300 * 256 / group);
            assertThat(Values.floats(checkpoint, "l.weight"))
                    .containsExactly(form.dequantize(form.quantize(weights, 300, 256)), within(0f));
            assertThat(Values.halves(checkpoint, "l.weight", DType.BF16)).hasSize(300 * 256);
        }
    }

    @Test
    void aLayerMayHaveItsOwnForm() throws IOException {
        float[] weights = new float[128];
        weights[5] = 1;
        triple(new AffineQuantization(8, 32), weights, 1, 128).write(folder.resolve("model.safetensors"));
        config("{\"quantization\":{\"group_size\":64,\"bits\":4,\"l\":{\"group_size\":32,\"bits\":8}}}");
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(Values.floats(checkpoint, "l.weight")).containsExactly(weights, within(1e-6f));
        }
        config("{\"quantization\":{\"group_size\":64,\"bits\":4,\"l\":false}}");
        refused("\"l\" is not quantized");
    }

    @Test
    void shapesThatDoNotFit() throws IOException {
        config("{\"quantization\":{\"group_size\":64,\"bits\":4}}");
        tripleOf(new int[] {8, 8}, new int[] {2, 1}, new int[] {2, 1});
        refused("[8, 8]", "[2, 1]", "have to be [8, 1.0]");
        tripleOf(new int[] {8, 8}, new int[] {1000, 1}, new int[] {1000, 1});
        refused("[8, 8]", "[1000, 1]");
        tripleOf(new int[] {8, 8}, new int[] {8, 1}, new int[] {2, 1});
        refused("[8, 1]", "[2, 1]", "alike");
        tripleOf(new int[] {8, 8}, new int[] {8, 2}, new int[] {8, 2});
        refused("[8, 8]", "[8, 2]");
        tripleOf(new int[] {8, 8}, new int[] {8}, new int[] {8});
        refused("[8, 8]", "[8]");
    }

    private void tripleOf(int[] words, int[] scales, int[] biases) throws IOException {
        new SafetensorsBuilder()
                .zeros("l.weight", "U32", 4, words)
                .zeros("l.scales", "F16", 2, scales)
                .zeros("l.biases", "F16", 2, biases)
                .write(folder.resolve("model.safetensors"));
    }

    @Test
    void partsThatAreMissing() throws IOException {
        new SafetensorsBuilder()
                .zeros("l.weight", "U32", 4, 8, 8)
                .zeros("l.scales", "F16", 2, 8, 1)
                .write(folder.resolve("model.safetensors"));
        refused("packed words", "config.json");
        config("{\"quantization\":{\"group_size\":64,\"bits\":4}}");
        refused("l.biases", "missing");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"group_size\":48,\"bits\":4} | group size is 48",
                "{\"group_size\":64,\"bits\":7} | bits is 7",
                "{\"group_size\":64,\"bits\":\"4\"} | bits 4; a whole number",
                "{\"group_size\":64} | bits null",
                "{\"group_size\":64,\"bits\":4,\"mode\":\"mxfp4\"} | mxfp4",
                "[] | has to be an object"
            })
    void formsThatDoNotExist(String quantization, String part) throws IOException {
        tripleOf(new int[] {8, 8}, new int[] {8, 1}, new int[] {8, 1});
        config("{\"quantization\":" + quantization + "}");
        refused(part);
    }

    @Test
    void otherQuantizers() throws IOException {
        one("a").write(folder.resolve("model.safetensors"));
        config("{\"quantization_config\":{\"quant_method\":\"gptq\",\"bits\":4}}");
        refused("gptq");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mlx-q4-g32",
                "mlx-q4-g64",
                "mlx-q5-g64",
                "mlx-q6-g32",
                "mlx-q8-g32",
                "mlx-mixed-g128",
                "llama-tied-f32",
                "llama-untied-bf16",
                "llama-gguf"
            })
    void checkpointsOfOtherTools(String name) throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(Values.resource("checkpoints/" + name))) {
            assertThat(checkpoint.names()).contains("model.embed_tokens.weight", "model.norm.weight");
            int[] shape = checkpoint.shape("model.embed_tokens.weight");
            assertThat(shape[1]).isEqualTo(checkpoint.config().get("hidden_size"));
            for (String tensor : checkpoint.names()) {
                float[] values = Values.floats(checkpoint, tensor);
                assertThat(values).hasSize((int) WeightSource.product(checkpoint.shape(tensor)));
                for (float value : values) {
                    assertThat(value).isFinite();
                }
            }
        }
    }

    @Test
    void fieldsThatNameCodeAreOnlyText() throws IOException {
        one("a").write(folder.resolve("model.safetensors"));
        Path script = Files.writeString(folder.resolve("evil.py"), "open('/tmp/never-written-by-a-test','w')");
        config("{\"model_file\":\"evil.py\",\"auto_map\":{\"AutoModel\":\"evil.Model\"},\"trust_remote_code\":true,"
                + "\"class\":\"java.lang.ProcessBuilder\",\"@class\":\"java.lang.ProcessBuilder\"}");
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(checkpoint.config()).containsEntry("@class", "java.lang.ProcessBuilder");
            assertThat(script).exists();
            assertThat(Path.of("/tmp/never-written-by-a-test")).doesNotExist();
        }
    }
}
