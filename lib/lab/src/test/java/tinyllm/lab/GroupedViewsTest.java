package tinyllm.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tinyllm.model.ModelConfig;
import tinyllm.nn.GroupedAttentionFn;
import tinyllm.nn.GroupedQueryAttention;
import tinyllm.nn.ScaledDotProductAttention;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** What chapters 1.3 and 1.4 draw is what was measured. */
class GroupedViewsTest {

    private static final ModelConfig SMALL = config(6, 2);

    private static ModelConfig config(int heads, int kvHeads) {
        return new ModelConfig(
                ModelConfig.Family.QWEN2, 64, 3, heads, kvHeads, 8, 128, 100, 1e-6, 1e6, false, true, true, 64);
    }

    @Test
    void theLibrarysGroupsAreNeighbours() {
        HeadSharing sharing = HeadSharing.of(GroupedQueryAttention::new, SMALL);

        assertThat(List.of(0, 1, 2))
                .allSatisfy(h -> assertThat(sharing.reads(h)).containsExactly(0));
        assertThat(List.of(3, 4, 5))
                .allSatisfy(h -> assertThat(sharing.reads(h)).containsExactly(1));
        assertThat(sharing.picture().text())
                .contains("KV head 0 is read by [0, 1, 2]", "KV head 1 is read by [3, 4, 5]");
    }

    @Test
    void aWrongSharingIsDrawnAsItIs() {
        GroupedAttentionFn interleaved = (q, k, v, mask, scale) -> {
            int[] heads = {0, 1, 0, 1, 0, 1};
            return new ScaledDotProductAttention().attend(q, k.take(heads, 1), v.take(heads, 1), mask, scale);
        };

        HeadSharing sharing = HeadSharing.of(() -> interleaved, SMALL);

        assertThat(sharing.reads(0)).containsExactly(0);
        assertThat(sharing.reads(1)).containsExactly(1);
        assertThat(sharing.reads(4)).containsExactly(0);
    }

    @Test
    void tooManyHeadsToDrawAreRefused() {
        HeadSharing sharing = HeadSharing.of(GroupedQueryAttention::new, config(66, 1));

        assertThatThrownBy(sharing::picture)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("66");
    }

    @ParameterizedTest
    @CsvSource({"24, 2, 64, 12288", "28, 4, 128, 57344", "32, 32, 128, 524288"})
    void bytesPerToken(int layers, int kvHeads, int headDim, long bytes) {
        assertThat(KvBytes.perToken(layers, kvHeads, headDim, 2)).isEqualTo(bytes);
    }

    @Test
    void theChartSaysWhatTheModelKeeps() {
        assertThat(KvBytes.chart(SMALL, "no such guess").text())
                .contains("2 KV heads keep 0.2 kB", "6 would keep 0.6 kB");
    }

    /** Rounding by hand and by the device's cast agree, ties included. */
    @Test
    void roundsToBfloat16AsTheDeviceDoes() {
        Random random = new Random(5);
        float[] values = new float[2_000];
        for (int i = 0; i < values.length; i++) {
            values[i] = i % 4 == 0
                    ? Float.intBitsToFloat((random.nextInt(1 << 14) + (100 << 7) << 16) | 0x8000)
                    : (float) (random.nextGaussian() * Math.pow(10, i % 9 - 4));
        }
        float[] device = Tensor.of(values).astype(DType.BF16).toFloats();

        for (int i = 0; i < values.length; i++) {
            assertThat(Rounding.bf16(values[i])).as("of " + values[i]).isEqualTo(device[i]);
        }
    }
}
