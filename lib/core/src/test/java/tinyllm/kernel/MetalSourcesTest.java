package tinyllm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static tinyllm.kernel.MetalTables.equal;
import static tinyllm.kernel.MetalTables.silent;
import static tinyllm.kernel.MetalTables.tolerance;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tinyllm.kernel.QuantizedKernels.Weights;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Every kernel of metal/ but attention over a table of shapes: equal to the oracle, every detector silent; and what the checker says of all. */
class MetalSourcesTest {

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 64, 67, 255})
    void axpy(int n) {
        Tensor x = Oracle.normal(1, DType.F32, n);
        Tensor y = Oracle.normal(2, DType.F32, n);
        double[] truth = x.mul(2.5).add(y).toDoubles();
        equal(silent(SmallKernels.axpy(2.5f, x, y, false)), truth, 2e-6);
        equal(silent(SmallKernels.axpy(2.5f, x, y, true)), truth, 2e-6);
    }

    static Stream<Arguments> rows() {
        return Stream.of(
                Arguments.of(1, 1, DType.F32),
                Arguments.of(3, 31, DType.F32),
                Arguments.of(2, 300, DType.F32),
                Arguments.of(1, 896, DType.F32),
                Arguments.of(9, 64, DType.F16),
                Arguments.of(2, 257, DType.BF16));
    }

    @ParameterizedTest
    @MethodSource("rows")
    void softmax(int rows, int n, DType dtype) {
        Tensor x = Oracle.normal(3, DType.F32, rows, n).mul(10).astype(dtype);
        equal(silent(SmallKernels.softmax(x)), Oracle.softmax(x), tolerance(dtype));
    }

    @Test
    void softmaxPassesNanOn() {
        float[] values = {1, Float.NaN, 3, 1, 2, Float.NEGATIVE_INFINITY};
        float[] out = silent(SmallKernels.softmax(Tensor.of(values, 2, 3))).toFloats();
        assertThat(out[0]).isNaN();
        assertThat(out[2]).isNaN();
        assertThat(out[5]).isZero();
        assertThat(out[3] + out[4]).isEqualTo(1);
    }

    @ParameterizedTest
    @MethodSource("rows")
    void rmsNorm(int rows, int n, DType dtype) {
        Tensor x = Oracle.normal(4, dtype, rows, n);
        Tensor weight = Oracle.normal(5, dtype, n);
        equal(
                silent(SmallKernels.rmsNorm(x, weight, 1e-6f)),
                Oracle.rmsNorm(x.toDoubles(), weight, 1e-6),
                tolerance(dtype));
        Tensor residual = Oracle.normal(6, dtype, rows, n);
        double[] sum = x.astype(DType.F32)
                .add(residual.astype(DType.F32))
                .astype(dtype)
                .toDoubles();
        equal(
                silent(SmallKernels.rmsNormResidual(x, residual, weight, 1e-6f)),
                Oracle.rmsNorm(sum, weight, 1e-6),
                tolerance(dtype));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void rope(boolean traditional) {
        for (int[] shape : new int[][] {{1, 1, 1, 2}, {2, 3, 5, 64}, {1, 2, 9, 80}}) {
            Tensor x = Oracle.normal(7, DType.F32, shape);
            equal(silent(SmallKernels.rope(x, 100, 10000, traditional)), Oracle.rope(x, 100, 10000, traditional), 2e-5);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 255, 300})
    void swiglu(int n) {
        Tensor gate = Oracle.normal(8, DType.F32, n).mul(20);
        Tensor up = Oracle.normal(9, DType.F32, n);
        equal(silent(SmallKernels.swiglu(gate, up)), Oracle.swiglu(gate, up), 2e-6);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4, 5, 6, 8})
    void embedding(int bits) {
        Weights table = Oracle.weights(10, 11, 96, bits, 32, DType.F32);
        Tensor out = silent(QuantizedKernels.embedding(Tensor.of(new int[] {10, 0, 7, 0}), table));
        double[][] rows = Oracle.dequantized(table);
        assertThat(out.shape()).containsExactly(4, 96);
        equal(out.at(0), rows[10], 2e-7);
        equal(out.at(2), rows[7], 2e-7);
    }

    @Test
    void embeddingOfNoToken() {
        Weights table = Oracle.weights(10, 11, 96, 4, 32, DType.F32);
        float[] out = silent(QuantizedKernels.embedding(Tensor.of(new int[] {-1, 11, 3}), table))
                .toFloats();
        assertThat(out[0]).isNaN();
        assertThat(out[96]).isNaN();
        assertThat(out[192]).isFinite();
    }

    // rows of x, rows of w, K, bits, group
    private static final int[][] PRODUCTS = {
        {1, 8, 64, 4, 64},
        {3, 9, 96, 4, 32},
        {8, 33, 128, 4, 64},
        {9, 7, 320, 4, 64},
        {10, 40, 64, 4, 32},
        {17, 31, 192, 4, 64},
        {32, 32, 64, 4, 64},
        {1, 5, 544, 8, 32},
        {33, 65, 64, 8, 32},
        {3, 12, 256, 5, 128},
        {17, 20, 128, 6, 64},
        {128, 3, 64, 4, 64},
    };

    static Stream<Arguments> products() {
        List<Arguments> all = new ArrayList<>();
        for (int[] p : PRODUCTS) {
            all.add(Arguments.of(p[0], p[1], p[2], p[3], p[4], DType.F32));
        }
        all.add(Arguments.of(9, 33, 128, 4, 64, DType.F16));
        all.add(Arguments.of(3, 33, 128, 4, 64, DType.BF16));
        return all.stream();
    }

    @ParameterizedTest
    @MethodSource("products")
    @Tag("slow")
    void quantizedMatmul(int m, int n, int k, int bits, int group, DType dtype) {
        Tensor x = Oracle.normal(11, dtype, m, k);
        Weights w = Oracle.weights(12, n, k, bits, group, dtype);
        double[] truth = Oracle.matmul(x, w);
        double tolerance = 3 * tolerance(dtype);
        equal(silent(QuantizedKernels.naive(x, w)), truth, tolerance);
        equal(silent(QuantizedKernels.matvec(x, w)), truth, tolerance);
        equal(silent(QuantizedKernels.tile(x, w)), truth, tolerance);
        Tensor partial = silent(QuantizedKernels.splitK(x, w, 3));
        equal(silent(QuantizedKernels.splitKSum(partial, dtype)), truth, tolerance);
    }

    /** A NaN spoils its own row, an infinity too, and no other. */
    @Test
    void nanAndInfinityStayInTheirRow() {
        Weights w = Oracle.weights(12, 40, 64, 4, 32, DType.F32);
        float[] values = Oracle.normal(11, DType.F32, 10, 64).toFloats();
        values[3 * 64 + 7] = Float.NaN;
        values[9 * 64 + 1] = Float.POSITIVE_INFINITY;
        Tensor x = Tensor.of(values, 10, 64);
        double[] truth = Oracle.matmul(x, w);
        for (KernelCall call :
                List.of(QuantizedKernels.naive(x, w), QuantizedKernels.matvec(x, w), QuantizedKernels.tile(x, w))) {
            float[] out = silent(call).toFloats();
            for (int i = 0; i < out.length; i++) {
                if (Double.isFinite(truth[i])) {
                    assertThat(out[i]).as("element %d", i).isCloseTo((float) truth[i], within(1e-4f));
                } else {
                    assertThat(Float.isFinite(out[i])).as("element %d", i).isFalse();
                }
            }
        }
    }

    static Stream<KernelCall> calls() {
        Tensor row = Oracle.normal(1, DType.F32, 2, 64);
        Tensor half = Oracle.normal(1, DType.F16, 2, 64);
        Weights w = Oracle.weights(2, 9, 64, 4, 32, DType.F32);
        Weights wide = Oracle.weights(2, 9, 96, 6, 32, DType.BF16);
        Tensor q = Oracle.normal(3, DType.F32, 1, 2, 5, 64);
        Tensor one = q.at(":, :, 0");
        Tensor partial = Oracle.normal(4, DType.F32, 2, 3, 64);
        Tensor rows = Oracle.normal(5, DType.F32, 2, 2, 64);
        Tensor pages = Oracle.normal(6, DType.F32, 2, 1, 16, 64);
        var first = new PagedAttention.Sequence(new int[] {1}, 3, 2);
        var codes = new PageFixture(new PageForm(2, 1, 64, 16, KvKind.INT8, KvKind.INT4, true), 2, false);
        var mixed = new PageFixture(new PageForm(1, 1, 64, 16, KvKind.F16, KvKind.BF16, false), 2, false);
        Weights tiny =
                Oracle.weights(2, 1, 32, 4, 32, DType.F32); // one scale: below eight elements an input is constant
        Tensor few = row.at(":, :3");
        return Stream.of(
                SmallKernels.axpy(2, few.at(0), few.at(1), true),
                SmallKernels.softmax(few),
                SmallKernels.rmsNorm(few, few.at(0), 1e-5f),
                SmallKernels.rmsNormResidual(few, few, few.at(0), 1e-5f),
                SmallKernels.rope(Oracle.normal(3, DType.F32, 1, 1, 1, 2), 0, 10000, false),
                SmallKernels.swiglu(few.at(0), few.at(1)),
                QuantizedKernels.embedding(Tensor.of(new int[] {0}), tiny),
                QuantizedKernels.naive(row.at(":, :32"), tiny),
                QuantizedKernels.matvec(row.at(":, :32"), tiny),
                QuantizedKernels.tile(row.at(":, :32"), tiny),
                QuantizedKernels.splitK(row.at(":, :32"), tiny, 1),
                QuantizedKernels.splitKSum(Tensor.zeros(DType.F32, 2, 1, 1), DType.F32),
                AttentionKernels.decodeJoin(
                        Oracle.normal(4, DType.F32, 1, 2, 64), Tensor.zeros(DType.F32, 1, 2, 2), DType.F32),
                SmallKernels.axpy(2, row.at(0), row.at(1), false),
                SmallKernels.axpy(2, row.at(0), row.at(1), true),
                SmallKernels.softmax(row),
                SmallKernels.softmax(half),
                SmallKernels.rmsNorm(row, row.at(0), 1e-5f),
                SmallKernels.rmsNormResidual(half, half, half.at(0), 1e-5f),
                SmallKernels.rope(q, 0, 10000, true),
                SmallKernels.swiglu(half.at(0), half.at(1)),
                QuantizedKernels.embedding(Tensor.of(new int[] {1, 2}), w),
                QuantizedKernels.naive(row, w),
                QuantizedKernels.naive(Oracle.normal(5, DType.BF16, 2, 96), wide),
                QuantizedKernels.matvec(row, w),
                QuantizedKernels.matvec(Oracle.normal(5, DType.BF16, 2, 96), wide),
                QuantizedKernels.tile(row, w),
                QuantizedKernels.splitK(row, w, 2),
                QuantizedKernels.splitKSum(partial, DType.F16),
                AttentionKernels.decode(one, q, q, 1),
                AttentionKernels.decodeBlocks(one, q, q, 1, 2),
                AttentionKernels.decodeJoin(partial, Tensor.zeros(DType.F32, 2, 3, 2), DType.F16),
                AttentionKernels.prefill(q, q, q, 1, true),
                AttentionKernels.prefill(q, q, q, Oracle.normal(3, DType.F16, 2, 5, 5), 1),
                PagedAttention.decode(rows, pages, pages, List.of(first), 1),
                PagedAttention.prefill(rows, pages, pages, List.of(first), 1),
                PagedAttention.decode(rows, codes.pages(true), 1, List.of(first), 1),
                PagedAttention.prefill(rows, codes.pages(true), 1, List.of(first), 1),
                PagedAttention.decode(rows.astype(DType.F16), mixed.pages(false), 0, List.of(first), 1),
                PagedAttention.prefill(rows.astype(DType.BF16), mixed.pages(false), 0, List.of(first), 1));
    }

    @ParameterizedTest
    @MethodSource("calls")
    void passesTheChecker(KernelCall call) {
        assertThat(call.check()).isEmpty();
    }

    @Test
    void everyKernelIsInTheTable() {
        List<String> called =
                calls().map(c -> c.kernel().source().name()).distinct().toList();
        List<String> files = List.of(
                "axpy",
                "softmax",
                "rms_norm",
                "rope",
                "swiglu",
                "quantized_embedding",
                "quantized_matmul",
                "attention_decode",
                "attention_prefill");
        List<String> all = files.stream()
                .flatMap(f -> KernelSource.all(tinyllm.kernel.host.MetalFolder.text(f + ".metal")).stream())
                .map(KernelSource::name)
                .toList();
        assertThat(called).containsExactlyInAnyOrderElementsOf(all);
    }
}
