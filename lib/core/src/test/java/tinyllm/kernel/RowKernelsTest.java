package tinyllm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tinyllm.nn.Rope;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

class RowKernelsTest {
    private static final String BEST = InstructionSets.current();

    @AfterEach
    void best() {
        InstructionSets.use(BEST);
    }

    private static void close(Tensor actual, double[] expected, double tolerance) {
        double[] values = actual.toDoubles();
        assertThat(values).hasSameSizeAs(expected);
        for (int i = 0; i < values.length; i++) {
            double allowed = tolerance * Math.max(1, Math.abs(expected[i]));
            assertThat(values[i]).as("value %d", i).isCloseTo(expected[i], Offset.offset(allowed));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8, 15, 16, 17, 64, 896, 1001})
    void rmsNormAndSoftmax(int cols) {
        Tensor x = Tensor.normal(1, 5, cols).mul(3);
        Tensor r = Tensor.normal(2, 5, cols);
        Tensor w = Tensor.normal(3, cols);
        double[] xs = x.toDoubles();
        double[] ws = w.toDoubles();
        double[] norm = new double[xs.length];
        double[] soft = new double[xs.length];
        for (int row = 0; row < 5; row++) {
            double squares = 0;
            double total = 0;
            for (int i = 0; i < cols; i++) {
                squares += xs[row * cols + i] * xs[row * cols + i];
                total += Math.exp(xs[row * cols + i]);
            }
            for (int i = 0; i < cols; i++) {
                norm[row * cols + i] = xs[row * cols + i] / Math.sqrt(squares / cols + 1e-5) * ws[i];
                soft[row * cols + i] = Math.exp(xs[row * cols + i]) / total;
            }
        }
        float[] first = null;
        for (String set : InstructionSets.available()) {
            InstructionSets.use(set);
            Tensor y = RowKernels.rmsNorm(x, w, 1e-5);
            close(y, norm, 1e-6);
            close(RowKernels.softmax(x), soft, 1e-6);
            first = first == null ? y.toFloats() : first;
            assertThat(y.toFloats()).as(set).isEqualTo(first);
        }
        RowKernels.Normed both = RowKernels.rmsNorm(x, r, w, 1e-5);
        assertThat(both.sum().toFloats()).isEqualTo(x.add(r).toFloats());
        assertThat(both.norm().toFloats())
                .isEqualTo(RowKernels.rmsNorm(x.add(r), w, 1e-5).toFloats());
    }

    @Test
    void rowsAreIndependent() {
        Tensor x = Tensor.normal(1, 40, 77);
        Tensor w = Tensor.normal(2, 77);
        assertThat(RowKernels.rmsNorm(x, w, 1e-6).slice(0, 7, 8).toFloats())
                .isEqualTo(RowKernels.rmsNorm(x.slice(0, 7, 8), w, 1e-6).toFloats());
        assertThat(RowKernels.softmax(x).slice(0, 7, 8).toFloats())
                .isEqualTo(RowKernels.softmax(x.slice(0, 7, 8)).toFloats());
    }

    @Test
    void swiGlu() {
        float[] g = {0, 1, -1, 30, -30, 90, -90, 200, -200, Float.NaN, 1e-8f};
        Tensor up = Tensor.full(2, DType.F32, g.length);
        Tensor y = RowKernels.swiGlu(Tensor.of(g), up);
        double[] expected = new double[g.length];
        for (int i = 0; i < g.length; i++) {
            expected[i] = 2 * g[i] / (1 + Math.exp(-(double) g[i]));
        }
        double[] values = y.toDoubles();
        for (int i = 0; i < g.length; i++) {
            if (Double.isNaN(expected[i])) {
                assertThat(values[i]).isNaN();
            } else {
                assertThat(values[i])
                        .isCloseTo(expected[i], Offset.offset(1e-6 * Math.max(1e-6, Math.abs(expected[i]))));
            }
        }
    }

    @Test
    void softmaxOfInfinities() {
        Tensor x = Tensor.of(new float[] {0, Float.NEGATIVE_INFINITY, 1, Float.NaN, 0, 0}, 2, 3);
        float[] y = RowKernels.softmax(x).toFloats();
        assertThat(y[1]).isZero();
        assertThat((double) y[2]).isCloseTo(Math.E / (1 + Math.E), Offset.offset(1e-6));
        assertThat(y[3]).isNaN();
        assertThat(y[5]).isNaN();
    }

    @Test
    void logSumExp() {
        Tensor x = Tensor.normal(1, 3, 1001).mul(9);
        close(RowKernels.logSumExp(x), x.logSumExp(-1).toDoubles(), 1e-6);
        float inf = Float.POSITIVE_INFINITY;
        float[] rows = {0, -inf, 1, -inf, -inf, -inf, 0, inf, 1, 0, Float.NaN, 1};
        float[] y = RowKernels.logSumExp(Tensor.of(rows, 4, 3)).toFloats();
        assertThat((double) y[0]).isCloseTo(Math.log(1 + Math.E), Offset.offset(1e-6));
        assertThat(y[1]).isEqualTo(-inf);
        assertThat(y[2]).isEqualTo(inf);
        assertThat(y[3]).isNaN();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void rope(boolean neighbours) {
        Tensor x = Tensor.normal(1, 2, 3, 9, 64);
        RopeTable table = new RopeTable(64, 1e6);
        Tensor expected = new Rope().rotate(x, 700, 1e6, neighbours);
        close(RowKernels.rope(x, table, 700, neighbours), expected.toDoubles(), 1e-6);
    }

    @Test
    void wrongShapesAreNamed() {
        Tensor x = Tensor.zeros(DType.F32, 2, 8);
        assertThatThrownBy(() -> RowKernels.rmsNorm(x, Tensor.zeros(DType.F32, 7), 1e-6))
                .hasMessageContaining("[7]");
        assertThatThrownBy(() -> RowKernels.swiGlu(x, Tensor.zeros(DType.F32, 2, 7)))
                .hasMessageContaining("[2, 7]");
        assertThatThrownBy(() -> RowKernels.rope(x, new RopeTable(6, 1e4), 0, false))
                .hasMessageContaining("[2, 8]");
        assertThatThrownBy(() -> new RopeTable(7, 1e4)).hasMessageContaining("7");
    }
}
