package tinyllm.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AffineQuantizationTest {

    @ParameterizedTest
    @CsvSource({"2, 32", "3, 64", "4, 128", "5, 32", "6, 64", "8, 128"})
    void roundsInPlaceToWhatItWouldPack(int bits, int group) {
        var form = new AffineQuantization(bits, group);
        Random random = new Random(bits);
        float[] weights = new float[3 * 256];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = i < 128 ? .25f : (float) random.nextGaussian() * (i % 97 == 0 ? 50 : 1);
        }
        float[] packed = form.dequantize(form.quantizeInHalf(weights, 3, 256));
        float[] rounded = weights.clone();
        form.roundInHalf(rounded, 256, 512);
        form.roundInHalf(rounded, 0, 256);
        assertThat(rounded).containsExactly(packed);
    }

    @ParameterizedTest
    @ValueSource(ints = {33, -32, 800})
    void refusesPartsOfGroups(int count) {
        assertThatThrownBy(() -> new AffineQuantization(4, 32).roundInHalf(new float[768], 0, count))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("whole groups of 32");
    }

    @ParameterizedTest
    @CsvSource({"896, 128", "576, 64", "96, 32"})
    void takesTheLargestGroupThatFits(int cols, int group) {
        assertThat(new AffineQuantization(4, 128).fitting(cols)).isEqualTo(new AffineQuantization(4, group));
        assertThat(new AffineQuantization(4, 128).fitting(40)).isNull();
    }
}
