package tinyllm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tinyllm.kernel.WeightForm.Scales;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;
import tinyllm.tensor.TensorMemoryException;

/** Every form of quantized matrix on every instruction set of this machine, against double precision. */
class QuantizedMatmulTest {
    private static final int[] ROWS = {1, 3, 8, 9, 10, 17, 20, 31, 128};
    /** Root mean square of the error of int8 activations over that of the products; a few sums scatter up to 2.5 times that. */
    private static final double INT8_ERROR = 0.006;

    private static final String BEST = InstructionSets.current();

    @AfterEach
    void best() {
        InstructionSets.use(BEST);
    }

    static List<WeightForm> forms() {
        List<WeightForm> forms = new ArrayList<>();
        for (int bits : new int[] {4, 5, 6, 8}) {
            for (int group : new int[] {32, 64, 128}) {
                for (Scales scales : new Scales[] {Scales.HALF, Scales.BFLOAT, Scales.FLOAT}) {
                    forms.add(new WeightForm(37, group == 128 ? 640 : 448, bits, group, scales));
                }
            }
        }
        for (int bits : new int[] {4, 5, 8}) { // Q4_0, Q5_0, Q8_0
            forms.add(new WeightForm(37, 416, bits, 32, Scales.CENTERED));
        }
        for (int bits : new int[] {4, 5}) { // Q4_K, Q5_K
            forms.add(new WeightForm(37, 768, bits, 32, Scales.FACTORS));
        }
        forms.add(new WeightForm(37, 768, 6, 16, Scales.FACTORS_16)); // Q6_K
        forms.add(new WeightForm(1, 32, 4, 32, Scales.HALF));
        return forms;
    }

    private static float[] activations(int rows, int cols, long seed) {
        float[] x = new float[rows * cols];
        Random random = new Random(seed);
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) (random.nextGaussian() * (i / 32 % 5 == 2 ? 0 : 1 + i % 3));
        }
        return x;
    }

    private static float[] product(PackedWeight w, float[] x) {
        int cols = w.form().cols();
        return QuantizedMatmul.of(w).apply(Tensor.of(x, x.length / cols, cols)).toFloats();
    }

    @ParameterizedTest
    @MethodSource("forms")
    void table(WeightForm form) {
        RandomMatrix matrix = new RandomMatrix(form, 11);
        PackedWeight packed = matrix.packed();
        for (int rows : ROWS) {
            float[] x = activations(rows, form.cols(), rows);
            double[] exact = matrix.times(x);
            double[] blocks = matrix.times(RandomMatrix.asInt8Blocks(x));
            double size = rms(exact);
            float[] first = null;
            for (String set : InstructionSets.available()) {
                InstructionSets.use(set);
                float[] y = product(packed, x);
                assertThat(difference(y, blocks) / size)
                        .as("%s, %d rows, %s: against int8 blocks", set, rows, form)
                        .isLessThan(2e-6);
                assertThat(difference(y, exact) / size)
                        .as("%s, %d rows, %s: against real activations", set, rows, form)
                        .isLessThan(INT8_ERROR * 2.5);
                first = first == null ? y : first;
                assertThat(y).as("%s and %s, bit for bit", set, BEST).isEqualTo(first);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("forms")
    void packsExactly(WeightForm form) {
        RandomMatrix matrix = new RandomMatrix(form, 5);
        PackedWeight packed = matrix.packed();
        for (int r = 0; r < form.rows(); r++) {
            float[] row = packed.row(r);
            for (int c = 0; c < form.cols(); c++) {
                double w = matrix.weight(r, c);
                assertThat((double) row[c])
                        .as("row %d, column %d of %s", r, c, form)
                        .isCloseTo(w, org.assertj.core.data.Offset.offset(1e-6 * Math.max(0.01, Math.abs(w))));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("forms")
    void aRowDependsOnItselfAlone(WeightForm form) {
        PackedWeight packed = new RandomMatrix(form, 3).packed();
        int cols = form.cols();
        float[] x = activations(33, cols, 1);
        float[] all = product(packed, x);
        int threads = KernelThreads.count();
        for (int m : new int[] {0, 1, 7, 16, 31, 32}) {
            float[] alone = product(packed, Arrays.copyOfRange(x, m * cols, (m + 1) * cols));
            assertThat(alone).as("row %d alone", m).isEqualTo(row(all, m, form.rows()));
        }
        float[] some = product(packed, Arrays.copyOfRange(x, 5 * cols, 22 * cols));
        assertThat(row(some, 3, form.rows())).isEqualTo(row(all, 8, form.rows()));
        try {
            for (int count : new int[] {1, 2, 3}) {
                KernelThreads.set(count);
                assertThat(product(packed, x)).as("%d threads", count).isEqualTo(all);
            }
        } finally {
            KernelThreads.set(threads);
        }
    }

    @ParameterizedTest
    @MethodSource("forms")
    void infinitiesAndNaNsPass(WeightForm form) {
        RandomMatrix matrix = new RandomMatrix(form, 9);
        PackedWeight packed = matrix.packed();
        int cols = form.cols();
        float[] x = activations(10, cols, 4);
        float[] clean = product(packed, x);
        x[2 * cols + 1] = Float.NaN;
        x[4 * cols + 17] = Float.POSITIVE_INFINITY;
        x[7 * cols + 31] = Float.NEGATIVE_INFINITY;
        double[] expected = matrix.times(x);
        float[] y = product(packed, x);
        for (int m = 0; m < 10; m++) {
            boolean broken = m == 2 || m == 4 || m == 7;
            for (int r = 0; r < form.rows(); r++) {
                int i = m * form.rows() + r;
                if (!broken) {
                    assertThat(y[i]).as("row %d is untouched", m).isEqualTo(clean[i]);
                } else if (Double.isNaN(expected[i])) {
                    assertThat(y[i]).isNaN();
                } else if (Double.isInfinite(expected[i])) {
                    assertThat(y[i]).isEqualTo((float) expected[i]);
                } else {
                    assertThat((double) y[i]).isCloseTo(expected[i], org.assertj.core.data.Offset.offset(1e-3));
                }
            }
        }
    }

    @Test
    void anInfiniteScaleReachesItsRowAlone() {
        RandomMatrix matrix = new RandomMatrix(new WeightForm(20, 64, 4, 32, Scales.FLOAT), 2);
        matrix.scales[3 * 2] = Float.POSITIVE_INFINITY;
        float[] x = activations(2, 64, 8);
        double[] expected = matrix.times(x);
        float[] y = product(matrix.packed(), x);
        for (int i = 0; i < y.length; i++) {
            assertThat(Float.isFinite(y[i])).as("output %d", i).isEqualTo(Double.isFinite(expected[i]));
        }
    }

    @Test
    void tinyAndHugeActivations() {
        RandomMatrix matrix = new RandomMatrix(new WeightForm(16, 64, 8, 32, Scales.FLOAT), 6);
        float[] x = activations(3, 64, 2);
        for (int i = 0; i < 64; i++) {
            x[i] *= 1e-25f;
            x[64 + i] *= 1e30f;
            x[128 + i] = 0;
        }
        double[] expected = matrix.times(x);
        float[] y = product(matrix.packed(), x);
        for (int m = 0; m < 2; m++) {
            double[] part = Arrays.copyOfRange(expected, m * 16, m * 16 + 16);
            assertThat(difference(row(y, m, 16), part) / rms(part)).isLessThan(0.02);
        }
        assertThat(row(y, 2, 16)).containsOnly(0f);
    }

    @Test
    void severalMatricesNormBiasAndResidual() {
        int cols = 96;
        WeightForm form = new WeightForm(24, cols, 4, 32, Scales.HALF);
        RandomMatrix a = new RandomMatrix(form, 1);
        RandomMatrix b = new RandomMatrix(new WeightForm(9, cols, 8, 32, Scales.CENTERED), 2);
        Tensor bias = Tensor.normal(3, 24);
        PackedWeight packedA = PackedWeight.pack(form, a::read, bias);
        Tensor norm = Tensor.normal(4, cols).add(1);
        Tensor x = Tensor.normal(5, 7, cols);
        Tensor residual = Tensor.normal(6, 7, 33);
        float[] y = QuantizedMatmul.of(norm, 1e-6, packedA, b.packed())
                .apply(x, residual)
                .toFloats();
        Tensor normed = RowKernels.rmsNorm(x, norm, 1e-6);
        float[] one = QuantizedMatmul.of(packedA).apply(normed).toFloats();
        float[] two = QuantizedMatmul.of(b.packed()).apply(normed).toFloats();
        float[] plain = product(a.packed(), normed.toFloats());
        for (int m = 0; m < 7; m++) {
            for (int r = 0; r < 33; r++) {
                float value = r < 24 ? one[m * 24 + r] : two[m * 9 + r - 24];
                assertThat(y[m * 33 + r]).isEqualTo(residual.toFloats()[m * 33 + r] + value);
            }
            assertThat(one[m * 24 + 5]).isEqualTo(plain[m * 24 + 5] + bias.toFloats()[5]);
        }
    }

    @Test
    void gateAndUp() {
        WeightForm form = new WeightForm(40, 64, 5, 32, Scales.CENTERED);
        PackedWeight gate = new RandomMatrix(form, 1).packed();
        PackedWeight up = new RandomMatrix(form, 2).packed();
        Tensor x = Tensor.normal(5, 9, 64).mul(30);
        float[] y = QuantizedMatmul.swiGlu(null, 0, gate, up).apply(x).toFloats();
        Tensor g = QuantizedMatmul.of(gate).apply(x);
        Tensor u = QuantizedMatmul.of(up).apply(x);
        assertThat(y).isEqualTo(RowKernels.swiGlu(g, u).toFloats());
    }

    @Test
    void otherDtypesAndStrides() {
        PackedWeight w = new RandomMatrix(new WeightForm(16, 64, 4, 64, Scales.BFLOAT), 1).packed();
        Tensor x = Tensor.normal(1, 64, 5);
        QuantizedMatmul matmul = QuantizedMatmul.of(w);
        assertThat(matmul.apply(x.T()).toFloats())
                .isEqualTo(matmul.apply(x.T().contiguous()).toFloats());
        Tensor half = x.T().astype(DType.F16);
        assertThat(matmul.apply(half).toFloats())
                .isEqualTo(matmul.apply(half.astype(DType.F32)).toFloats());
        Tensor brain = x.T().astype(DType.BF16);
        assertThat(matmul.apply(brain).toFloats())
                .isEqualTo(matmul.apply(brain.astype(DType.F32)).toFloats());
        assertThat(matmul.apply(x.T().reshape(1, 5, 64)).shape()).containsExactly(1, 5, 16);
    }

    @Test
    void embedsRows() {
        PackedWeight table = new RandomMatrix(new WeightForm(37, 64, 6, 32, Scales.HALF), 1).packed();
        float[] rows = QuantizedMatmul.embed(table, new int[] {36, 0, 36}).toFloats();
        assertThat(Arrays.copyOfRange(rows, 0, 64)).isEqualTo(table.row(36));
        assertThat(Arrays.copyOfRange(rows, 64, 128)).isEqualTo(table.row(0));
        assertThatThrownBy(() -> QuantizedMatmul.embed(table, new int[] {0, 37}))
                .isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessageContaining("id 37 at position 1");
    }

    @Test
    void wrongFormsAreNamed() {
        refused(new WeightForm(4, 96, 4, 48, Scales.HALF), "group size is 48");
        refused(new WeightForm(4, 64, 7, 32, Scales.HALF), "bits is 7");
        refused(new WeightForm(4, 3, 4, 32, Scales.HALF), "3 columns");
        refused(new WeightForm(4, 320, 4, 32, Scales.FACTORS), "multiple of 256");
        refused(new WeightForm(4, 256, 5, 16, Scales.FACTORS_16), "6 bits");
        refused(new WeightForm(0, 32, 4, 32, Scales.HALF), "[0, 32]");
    }

    private static void refused(WeightForm form, String message) {
        assertThatThrownBy(() -> PackedWeight.pack(form, (f, n, c, s, b, d, m) -> {}, null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void moreThanTheBudgetIsRefusedBeforeItIsAllocated() {
        WeightForm form = new WeightForm(1 << 24, 1 << 20, 8, 32, Scales.FLOAT);
        assertThatThrownBy(() -> PackedWeight.pack(form, (f, n, c, s, b, d, m) -> {}, null))
                .isInstanceOf(TensorMemoryException.class)
                .hasMessageContaining("budget");
    }

    @Test
    void wrongArgumentsAreNamed() {
        WeightForm form = new WeightForm(16, 64, 4, 32, Scales.HALF);
        RandomMatrix matrix = new RandomMatrix(form, 1);
        PackedWeight w = matrix.packed();
        QuantizedMatmul matmul = QuantizedMatmul.of(w);
        PackedWeight other = new RandomMatrix(new WeightForm(16, 32, 4, 32, Scales.HALF), 1).packed();
        wrong(() -> matmul.apply(Tensor.zeros(DType.F32, 2, 63)), "[2, 63]");
        wrong(() -> matmul.apply(Tensor.zeros(DType.F32, 2, 64).astype(DType.I32)), "I32");
        wrong(() -> matmul.apply(Tensor.zeros(DType.F32, 2, 64), Tensor.zeros(DType.F32, 2, 15)), "[2, 15]");
        wrong(() -> QuantizedMatmul.of(w, other), "64 and 32");
        wrong(() -> QuantizedMatmul.of(), "not 0");
        wrong(() -> QuantizedMatmul.of(Tensor.zeros(DType.F32, 63), 1e-6, w), "[63]");
        wrong(() -> PackedWeight.pack(form, matrix::read, Tensor.zeros(DType.F32, 15)), "[15]");
    }

    private static void wrong(org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String message) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(message);
    }

    private static float[] row(float[] all, int m, int width) {
        return Arrays.copyOfRange(all, m * width, (m + 1) * width);
    }

    private static double rms(double[] values) {
        double sum = 0;
        for (double v : values) {
            sum += v * v;
        }
        return Math.sqrt(sum / values.length);
    }

    private static double difference(float[] actual, double[] expected) {
        double[] differences = new double[expected.length];
        for (int i = 0; i < differences.length; i++) {
            differences[i] = actual[i] - expected[i];
        }
        return rms(differences);
    }
}
