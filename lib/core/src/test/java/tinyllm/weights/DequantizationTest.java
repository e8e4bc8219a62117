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
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import tinyllm.tensor.DType;
import tinyllm.weights.format.ElementType;
import tinyllm.weights.format.GgufBuilder;

/** Against goldens that the gguf package and MLX made: src/test/python/dequantize_goldens.py. */
class DequantizationTest {
    private static Checkpoint goldens;

    @BeforeAll
    static void openGoldens() {
        goldens = Checkpoint.open(Values.resource("goldens/dequantize.safetensors"));
    }

    @AfterAll
    static void closeGoldens() {
        goldens.close();
    }

    @ParameterizedTest
    @EnumSource(names = {"Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K"})
    void ggufBlocks(ElementType type, @TempDir Path folder) throws IOException {
        byte[] blocks = Values.bytes(goldens, type + ".blocks", DType.U8);
        float[] expected = Values.floats(goldens, type + ".values");
        int columns = type.blockElements();
        Path file = Files.write(
                folder.resolve("m.gguf"),
                new GgufBuilder()
                        .string("general.architecture", "qwen2")
                        .tensor("token_embd.weight", id(type), blocks, blocks.length / type.blockBytes(), columns)
                        .build());
        try (Checkpoint checkpoint = Checkpoint.open(file)) {
            assertThat(checkpoint.shape("model.embed_tokens.weight")).containsExactly(6, columns);
            assertThat(checkpoint.fileBytes("model.embed_tokens.weight")).isEqualTo(blocks.length);
            assertThat(Values.floats(checkpoint, "model.embed_tokens.weight")).containsExactly(expected, within(1e-7f));
        }
    }

    private static int id(ElementType type) {
        return switch (type) {
            case Q4_0 -> 2;
            case Q4_1 -> 3;
            case Q5_0 -> 6;
            case Q5_1 -> 7;
            case Q8_0 -> 8;
            case Q4_K -> 12;
            case Q5_K -> 13;
            default -> 14;
        };
    }

    @ParameterizedTest
    @EnumSource(names = {"Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K"})
    void ggufBlocksAreAffineGroups(ElementType type) {
        AffineQuantization.Groups groups =
                AffineQuantization.ofGguf(type, Values.bytes(goldens, type + ".blocks", DType.U8));
        float[] expected = Values.floats(goldens, type + ".values");
        assertThat(groups.codes()).hasSize(expected.length);
        assertThat(groups.groupSize()).isEqualTo(type == ElementType.Q6_K ? 16 : 32);
        for (int i = 0; i < expected.length; i++) {
            assertThat(groups.codes()[i] & 0xFF).isLessThan(1 << groups.bits());
            // a product of 25 bits is rounded before the bias of Q6_K takes most of it away
            double tolerance = Math.abs(groups.biases()[i / groups.groupSize()]) * 0x1p-23;
            assertThat((double) groups.value(i)).isCloseTo(expected[i], within(tolerance));
        }
    }

    @Test
    void partsOfBlocksAreRefused() {
        assertThatThrownBy(() -> AffineQuantization.ofGguf(ElementType.Q4_0, new byte[17]))
                .hasMessageContaining("17 bytes are not whole blocks of 18");
    }

    @ParameterizedTest
    @CsvSource({
        "2,32", "2,64", "2,128", "3,32", "3,64", "3,128", "4,32", "4,64", "4,128", "5,32", "5,64", "5,128", "6,32",
        "6,64", "6,128", "8,32", "8,64", "8,128"
    })
    void asMlx(int bits, int group) {
        String key = "mlx." + bits + "." + group;
        AffineQuantization form = new AffineQuantization(bits, group);
        byte[] bytes = Values.bytes(goldens, key + ".words", DType.U32);
        int[] words = new int[bytes.length / 4];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(words);
        float[] scales = Values.floats(goldens, key + ".scales");
        float[] biases = Values.floats(goldens, key + ".biases");
        float[] values = Values.floats(goldens, key + ".values");

        AffineQuantization.Packed golden = new AffineQuantization.Packed(3, 128, words, scales, biases);
        assertThat(form.dequantize(golden)).containsExactly(values, within(1e-6f));

        AffineQuantization.Packed ours = form.quantize(Values.floats(goldens, key + ".weights"), 3, 128);
        assertThat(ours.scales()).containsExactly(scales, within(1e-6f));
        assertThat(ours.biases()).containsExactly(biases, within(1e-6f));
        assertThat(ours.words()).isEqualTo(words);
    }

    @Test
    void quantizationIsAsGoodAsItsStep() {
        float[] weights = new float[64 * 256];
        Random random = new Random(3);
        for (int i = 0; i < weights.length; i++) {
            weights[i] = (float) random.nextGaussian();
        }
        AffineQuantization form = new AffineQuantization(4, 64);
        AffineQuantization.Packed packed = form.quantize(weights, 64, 256);
        float[] back = form.dequantize(packed);
        for (int i = 0; i < weights.length; i++) {
            double step = Math.abs(packed.scales()[i / 64]);
            assertThat((double) back[i]).isCloseTo(weights[i], within(step * 1.01));
        }
    }

    @Test
    void formsThatDoNotExist() {
        assertThatThrownBy(() -> new AffineQuantization(7, 64)).hasMessageContaining("bits is 7");
        assertThatThrownBy(() -> new AffineQuantization(4, 48)).hasMessageContaining("group size is 48");
        AffineQuantization form = new AffineQuantization(4, 64);
        assertThatThrownBy(() -> form.quantize(new float[100], 1, 100)).hasMessageContaining("[1, 100]");
    }

    @ParameterizedTest
    @CsvSource({
        "1.0,0x3F80",
        "1.00390625,0x3F80",
        "1.01171875,0x3F82",
        "-2.5,0xC020",
        "Infinity,0x7F80",
        "3.4e38,0x7F80"
    })
    void bfloat16RoundsToNearestEven(float value, String bits) {
        assertThat(WeightLoader.bfloat16(value)).isEqualTo((short) (int) Integer.decode(bits));
    }

    @Test
    void bfloat16KeepsNaN() {
        float nan = Float.intBitsToFloat(0x7F800001);
        assertThat(Float.intBitsToFloat(WeightLoader.bfloat16(nan) << 16)).isNaN();
    }
}
