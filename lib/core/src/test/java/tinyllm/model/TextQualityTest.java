package tinyllm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tinyllm.kernel.KernelSet;
import tinyllm.tensor.Tensor;
import tinyllm.weights.AffineQuantization;

class TextQualityTest {

    private static final int[] TEXT = {5, 9, 2, 40, 17, 33, 8, 1, 60, 12, 3, 3, 28, 50, 44, 19, 7, 11, 21, 35};

    @Test
    void evenOddsAmongFour() {
        Tensor logits = Tensor.of(new float[8], 2, 4);
        TextQuality q = TextQuality.of(logits, logits, new int[] {0, 3});
        assertThat(q.tokens()).isEqualTo(1);
        assertThat(q.perplexity()).isCloseTo(4, within(1e-12));
        assertThat(q.kl()).isZero();
        assertThat(q.agreement()).isEqualTo(1);
    }

    @Test
    void divergenceIsFromTheBase() {
        // base 1/4, 3/4; model 1/2, 1/2
        Tensor base = Tensor.of(new float[] {0, (float) Math.log(3), 0, 0}, 2, 2);
        TextQuality q = TextQuality.of(Tensor.of(new float[] {7, 7, 0, 0}, 2, 2), base, new int[] {0, 1});
        assertThat(q.surprise()).isCloseTo(Math.log(2), within(1e-7));
        assertThat(q.basePerplexity()).isCloseTo(4. / 3, within(1e-6));
        assertThat(q.meanDifference()).isCloseTo(Math.log(1.5), within(1e-6));
        assertThat(q.kl()).isCloseTo(.25 * Math.log(.5) + .75 * Math.log(1.5), within(1e-7));
        assertThat(q.agreement()).isZero();
    }

    @Test
    void withoutABaseThereIsNoDivergence(@TempDir Path folder) throws Exception {
        CausalLm model = Models.load(TinyQuantized.write(folder, "qwen2").toString());
        assertThat(TextQuality.of(model, null, TEXT, 32).kl()).isNaN();
    }

    @Test
    void windowsAddUp(@TempDir Path folder) throws Exception {
        CausalLm model = Models.load(TinyQuantized.write(folder, "qwen2").toString());
        TextQuality all = TextQuality.of(model, model, TEXT, 7);
        assertThat(all.tokens())
                .as("7 + 7 + 6 tokens, the first of each is not predicted")
                .isEqualTo(17);
        double surprise = 0;
        for (int[] ends : new int[][] {{0, 7}, {7, 14}, {14, 20}}) {
            int[] window = java.util.Arrays.copyOfRange(TEXT, ends[0], ends[1]);
            surprise += TextQuality.of(model.logits(window), null, window).surprise();
        }
        assertThat(all.surprise()).isCloseTo(surprise, within(1e-9));
        assertThat(all.kl()).isZero();
        assertThat(all.agreement()).isEqualTo(1);
    }

    @Test
    void refusesWhatCantBeMeasured(@TempDir Path folder) throws Exception {
        CausalLm model = Models.load(TinyQuantized.write(folder, "qwen2").toString());
        assertThatThrownBy(() -> TextQuality.of(model, null, new int[] {1}, 8)).hasMessageContaining("1 tokens");
        assertThatThrownBy(() -> TextQuality.of(model, null, TEXT, 1)).hasMessageContaining("windows of 1");
        assertThatThrownBy(() -> TextQuality.of(model, null, TEXT, 1 << 30)).hasMessageContaining("the context of");
    }

    /** The same requantized numbers whether dequantized, in MLX's packing, or in ours with int8 activations. */
    @ParameterizedTest
    @CsvSource({"2, 32", "3, 64", "4, 64", "5, 32", "6, 64", "8, 32", "4, 128"})
    @Tag("slow")
    void kernelSetsReadTheSameRequantizedWeights(int bits, int group, @TempDir Path folder) throws Exception {
        String path = TinyQuantized.write(folder, "qwen2").toString();
        var form = new AffineQuantization(bits, group);
        CausalLm reference = Models.load(path, KernelSet.REFERENCE, form, LoadListener.NONE);
        CausalLm mlx = Models.load(path, KernelSet.MLX, form, LoadListener.NONE);
        CausalLm own = Models.load(path, KernelSet.OWN, form, LoadListener.NONE);
        assertThat(own.kernels()).isEqualTo(KernelSet.OWN);
        double float32 = TextQuality.of(mlx, reference, TEXT, 32).kl();
        double int8 = TextQuality.of(own, reference, TEXT, 32).kl();
        assertThat(float32).isCloseTo(0, within(1e-6));
        assertThat(int8).isBetween(0.0, 2e-2);
    }

    @Test
    void fewerBitsAreFewerBytesAndFartherAway(@TempDir Path folder) throws Exception {
        String path = TinyQuantized.write(folder, "llama").toString();
        CausalLm model = Models.load(path);
        double last = -1e-6;
        long bytes = Long.MAX_VALUE;
        for (int bits : new int[] {8, 4, 2}) {
            var form = new AffineQuantization(bits, 64);
            CausalLm coarse = Models.load(path, KernelSet.REFERENCE, form, LoadListener.NONE);
            double kl = TextQuality.of(coarse, model, TEXT, 32).kl();
            assertThat(kl).as("%d bits", bits).isGreaterThan(last);
            assertThat(Models.fileBytes(path, form)).isLessThan(bytes);
            last = kl;
            bytes = Models.fileBytes(path, form);
        }
    }
}
