package tinyllm.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;
import tinyllm.tensor.Verdict;

/** Each layer against a double-precision oracle: 1e-5 in float32; a few units in the last place of f16 (2e-3) and bf16 (2e-2). */
class LayersTest {

    private static final double[] TOLERANCE = {1e-5, 2e-3, 2e-2};

    private static double tolerance(DType dtype) {
        return switch (dtype) {
            case F16 -> TOLERANCE[1];
            case BF16 -> TOLERANCE[2];
            default -> TOLERANCE[0];
        };
    }

    private static Tensor random(long seed, DType dtype, int... shape) {
        int size = 1;
        for (int n : shape) {
            size *= n;
        }
        return Tensor.of(Oracle.random(seed, size, 1), shape).astype(dtype);
    }

    private static void assertClose(double[] expected, Tensor actual, DType dtype, int... shape) {
        assertThat(actual.dtype()).isEqualTo(dtype);
        double tolerance = tolerance(dtype);
        Verdict verdict = Verdict.compare(Tensor.of(expected, shape), actual.astype(DType.F32), tolerance, tolerance);
        assertThat(verdict.ok()).as(verdict.message()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        // B, Hq, Hkv, L, S, D, masked
        "1, 1, 1, 1, 1, 2, false",
        "1, 1, 1, 3, 3, 4, true",
        "2, 4, 4, 5, 5, 8, true",
        "1, 14, 2, 7, 7, 64, true",
        "2, 6, 2, 1, 9, 16, true",
        "1, 8, 1, 4, 11, 32, true",
        "3, 4, 2, 6, 6, 10, false",
    })
    void groupedAttention(int b, int hq, int hkv, int l, int s, int d, boolean masked) {
        for (DType dtype : new DType[] {DType.F32, DType.F16, DType.BF16}) {
            Tensor q = random(1, dtype, b, hq, l, d);
            Tensor k = random(2, dtype, b, hkv, s, d);
            Tensor v = random(3, dtype, b, hkv, s, d);
            Tensor mask = masked ? new Masks().causal(l, s, dtype) : null;
            double scale = 1 / Math.sqrt(d);
            double[] expected = Oracle.attention(
                    Oracle.held(q),
                    Oracle.held(k),
                    Oracle.held(v),
                    masked ? Oracle.causal(l, s) : null,
                    scale,
                    b,
                    hq,
                    hkv,
                    l,
                    s,
                    d);
            assertClose(expected, new GroupedQueryAttention().attend(q, k, v, mask, scale), dtype, b, hq, l, d);
        }
    }

    @Test
    void groupedAttentionTakesAMaskPerHeadAndPerRow() {
        Tensor q = random(1, DType.F32, 2, 4, 3, 8);
        Tensor k = random(2, DType.F32, 2, 2, 3, 8);
        Tensor v = random(3, DType.F32, 2, 2, 3, 8);
        GroupedQueryAttention attention = new GroupedQueryAttention();
        Tensor causal = new Masks().causal(3, 3, DType.F32);
        Tensor expected = attention.attend(q, k, v, causal, 0.3);
        Tensor perHead = causal.broadcastTo(2, 4, 3, 3);
        assertThat(Verdict.compare(expected, attention.attend(q, k, v, perHead, 0.3))
                        .ok())
                .isTrue();
        Tensor padding = new Masks().padding(new int[] {3, 2}, 3, DType.F32);
        Tensor padded = attention.attend(q, k, v, padding, 0.3);
        Tensor shortRow = attention.attend(
                q.slice(0, 1, 2),
                k.slice(0, 1, 2).slice(2, 0, 2),
                v.slice(0, 1, 2).slice(2, 0, 2),
                null,
                0.3);
        assertThat(Verdict.compare(shortRow, padded.slice(0, 1, 2)).ok()).isTrue();
    }

    @Test
    void attentionSurvivesLargeScores() {
        Tensor q = Tensor.full(300, DType.F32, 1, 1, 2, 4);
        Tensor k = Tensor.of(new float[] {300, 300, 300, 300, -300, -300, -300, -300}, 1, 1, 2, 4);
        Tensor w = new ScaledDotProductAttention().weights(q, k, null, 1);
        assertThat(w.toFloats()).containsExactly(1, 0, 1, 0);
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 2, 0", "3, 5, 8, 0", "2, 7, 64, 17", "1, 1, 64, 4095", "4, 3, 10, 1000"})
    void rope(int n, int l, int d, int offset) {
        for (DType dtype : new DType[] {DType.F32, DType.F16, DType.BF16}) {
            for (boolean traditional : new boolean[] {false, true}) {
                for (double theta : new double[] {1e4, 1e6}) {
                    Tensor x = random(7, dtype, n, l, d);
                    double[] expected = Oracle.rope(Oracle.held(x), n, l, d, offset, theta, traditional);
                    assertClose(expected, new Rope().rotate(x, offset, theta, traditional), dtype, n, l, d);
                }
            }
        }
    }

    @Test
    void ropeRefusesAnOddWidth() {
        assertThatThrownBy(() -> new Rope().rotate(Tensor.zeros(DType.F32, 1, 3), 0, 1e4, false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("even");
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "1, 5", "4, 4", "2, 6"})
    void causalMask(int l, int s) {
        assertThat(new Masks().causal(l, s, DType.F32).toDoubles()).containsExactly(Oracle.causal(l, s));
    }

    @Test
    void causalMaskRefusesMoreQueriesThanKeys() {
        assertThatThrownBy(() -> new Masks().causal(3, 2, DType.F32))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("L = 3")
                .hasMessageContaining("S = 2");
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"F32", "F16", "BF16"})
    void rmsNorm(DType dtype) {
        Tensor x = random(5, dtype, 3, 4, 48).mul(20);
        Tensor w = random(6, dtype, 48);
        assertClose(
                Oracle.rmsNorm(Oracle.held(x), Oracle.held(w), 1e-6),
                new RmsNorm().normalize(x, w, 1e-6),
                dtype,
                3,
                4,
                48);
    }

    @Test
    void rmsNormSquaresInFloat32() {
        Tensor x = Tensor.full(1000, DType.F16, 1, 8); // 1000² overflows f16
        assertThat(new RmsNorm().normalize(x, Tensor.ones(DType.F16, 8), 1e-6).toFloats())
                .containsOnly(1);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 1, -1, 20, -20, 88, -88, 1000, -1000, 1e30, -1e30})
    void siluIsFinite(double x) {
        double expected = Double.isNaN(Oracle.silu(x)) ? 0 : Oracle.silu(x);
        assertThat(new Silu().activate(Tensor.scalar(x)).item())
                .isCloseTo(expected, org.assertj.core.data.Offset.offset(1e-6 * Math.max(1, Math.abs(x))));
    }

    @Test
    void mlp() {
        Tensor x = random(1, DType.F32, 2, 3, 12);
        Linear gate = new Linear(random(2, DType.F32, 20, 12), null);
        Linear up = new Linear(random(3, DType.F32, 20, 12), null);
        Linear down = new Linear(random(4, DType.F32, 12, 20), null);
        double[] g = Oracle.linear(Oracle.held(x), Oracle.held(gate.weight()), null, 12, 20);
        double[] u = Oracle.linear(Oracle.held(x), Oracle.held(up.weight()), null, 12, 20);
        double[] mixed = Oracle.fill(g.length, i -> Oracle.silu(g[i]) * u[i]);
        double[] expected = Oracle.linear(mixed, Oracle.held(down.weight()), null, 20, 12);
        assertClose(expected, new SwiGlu().feed(x, gate, up, down), DType.F32, 2, 3, 12);
    }

    @Test
    void multiHeadSplitsTheProjectionNotTheTokens() {
        int b = 2, l = 3, h = 2, d = 4, e = 6;
        Tensor x = random(1, DType.F32, b, l, e);
        Tensor wq = random(2, DType.F32, h * d, e);
        Tensor wk = random(3, DType.F32, h * d, e);
        Tensor wv = random(4, DType.F32, h * d, e);
        Tensor wo = random(5, DType.F32, e, h * d);
        double[] mixed = Oracle.attention(
                heads(x, wq, b, l, h, d),
                heads(x, wk, b, l, h, d),
                heads(x, wv, b, l, h, d),
                null,
                0.5,
                b,
                h,
                h,
                l,
                l,
                d);
        double[] merged = Oracle.fill(mixed.length, i -> {
            int inHead = i % d, head = i / d % h, token = i / (d * h) % l, row = i / (d * h * l);
            return mixed[((row * h + head) * l + token) * d + inHead];
        });
        double[] expected = Oracle.linear(merged, Oracle.held(wo), null, h * d, e);
        assertClose(expected, new MultiHeadAttention().apply(x, wq, wk, wv, wo, h, null), DType.F32, b, l, e);
    }

    private static double[] heads(Tensor x, Tensor w, int b, int l, int h, int d) {
        double[] flat = Oracle.linear(Oracle.held(x), Oracle.held(w), null, x.dim(-1), h * d);
        return Oracle.fill(flat.length, i -> {
            int inHead = i % d, token = i / d % l, head = i / (d * l) % h, row = i / (d * l * h);
            return flat[((row * l + token) * h + head) * d + inHead];
        });
    }
}
