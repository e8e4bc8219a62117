package tinyllm.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tinyllm.tensor.DType;

class RequantizedCheckpointTest {

    private static final Path FILE = Path.of("src/test/resources/checkpoints/mlx-q8-g64");
    private static final String MATRIX = "model.layers.0.mlp.gate_proj.weight";

    /** What is loaded is what codes and scales stand for, and scales and biases are numbers that float16 holds. */
    @ParameterizedTest
    @CsvSource({"2, 32", "3, 64", "4, 64", "5, 32", "8, 64"})
    void rowsAndTensorsAgree(int bits, int group) {
        try (Checkpoint checkpoint =
                new RequantizedCheckpoint(Checkpoint.open(FILE), new AffineQuantization(bits, group))) {
            float[] loaded = checkpoint.load(MATRIX, DType.F32).toFloats();
            float[] rows = checkpoint.quantized(MATRIX, RequantizedCheckpointTest::values);
            assertThat(rows).isEqualTo(loaded);
        }
    }

    private static float[] values(AffineRows rows) {
        assertThat(rows.scales()).isEqualTo(AffineRows.Scales.HALF);
        byte[] codes = new byte[rows.rows() * rows.cols()];
        float[] scales = new float[codes.length / rows.groupSize()];
        float[] biases = new float[scales.length];
        rows.read(0, rows.rows(), codes, scales, biases, new float[0], new float[0]);
        float[] values = new float[codes.length];
        for (int i = 0; i < values.length; i++) {
            int g = i / rows.groupSize();
            assertThat(codes[i] & 0xFF).isLessThan(1 << rows.bits());
            assertThat(Float.float16ToFloat(Float.floatToFloat16(scales[g]))).isEqualTo(scales[g]);
            assertThat(Float.float16ToFloat(Float.floatToFloat16(biases[g]))).isEqualTo(biases[g]);
            values[i] = scales[g] * (codes[i] & 0xFF) + biases[g];
        }
        return values;
    }
}
