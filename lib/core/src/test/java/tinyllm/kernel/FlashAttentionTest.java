package tinyllm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Flash attention against plain loops in double precision, on every instruction set of this machine. */
class FlashAttentionTest {
    private static final String BEST = InstructionSets.current();

    @AfterEach
    void best() {
        InstructionSets.use(BEST);
    }

    /** Keys and values of [B, Hkv, S, D], a visible-or-not rule and an added mask of [L, S] or null. */
    private static double[] oracle(
            Tensor q, Tensor k, Tensor v, boolean causal, double @Nullable [] mask, double scale) {
        double[] qs = q.toDoubles();
        double[] ks = k.toDoubles();
        double[] vs = v.toDoubles();
        int hq = q.dim(1);
        int l = q.dim(2);
        int d = q.dim(3);
        int hkv = k.dim(1);
        int s = k.dim(2);
        double[] out = new double[qs.length];
        for (int row = 0; row < q.dim(0) * hq * l; row++) {
            int i = row % l;
            int head = row / l;
            int kv = head / hq * hkv + head % hq / (hq / hkv);
            int end = causal ? i + 1 + s - l : s;
            double[] p = new double[end];
            for (int j = 0; j < end; j++) {
                for (int c = 0; c < d; c++) {
                    p[j] += qs[row * d + c] * ks[(kv * s + j) * d + c] * scale;
                }
                p[j] += mask == null ? 0 : mask[i * s + j];
            }
            double most = Arrays.stream(p).max().orElseThrow();
            double total = 0;
            for (int j = 0; j < end; j++) {
                p[j] = Math.exp(p[j] - most);
                total += p[j];
            }
            for (int j = 0; j < end; j++) {
                for (int c = 0; c < d; c++) {
                    out[row * d + c] += p[j] / total * vs[(kv * s + j) * d + c];
                }
            }
        }
        return out;
    }

    private static void close(float[] actual, double[] expected, double tolerance, String what) {
        for (int i = 0; i < expected.length; i++) {
            assertThat((double) actual[i])
                    .as("%s, value %d", what, i)
                    .isCloseTo(expected[i], org.assertj.core.data.Offset.offset(tolerance));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "64, 14, 2, 1, 1, 1",
        "64, 14, 2, 1, 33, 600",
        "64, 4, 4, 2, 17, 17",
        "80, 6, 3, 1, 9, 65",
        "96, 2, 1, 1, 65, 65",
        "128, 8, 2, 1, 10, 530",
        "256, 2, 1, 1, 5, 70",
        "8, 2, 1, 1, 20, 20",
        "24, 3, 1, 2, 3, 1100"
    })
    @Tag("slow")
    void table(int d, int hq, int hkv, int b, int l, int s) {
        Tensor q = Tensor.normal(1, b, hq, l, d);
        Tensor k = Tensor.normal(2, b, hkv, s, d);
        Tensor v = Tensor.normal(3, b, hkv, s, d);
        Tensor mask = Tensor.normal(4, l, s);
        double scale = 1 / Math.sqrt(d);
        double[] causal = oracle(q, k, v, true, null, scale);
        double[] masked = oracle(q, k, v, false, mask.toDoubles(), scale);
        double[] none = oracle(q, k, v, false, null, scale);
        float[] first = null;
        for (String set : InstructionSets.available()) {
            InstructionSets.use(set);
            float[] y = FlashAttention.causal(q, k, v, scale).toFloats();
            close(y, causal, 2e-6, set + " causal");
            close(FlashAttention.attend(q, k, v, mask, scale).toFloats(), masked, 2e-6, set + " masked");
            close(FlashAttention.attend(q, k, v, null, scale).toFloats(), none, 2e-6, set + " no mask");
            first = first == null ? y : first;
            assertThat(y).as("%s, bit for bit", set).isEqualTo(first);
        }
    }

    @Test
    void halfKeysAndValues() {
        Tensor q = Tensor.normal(1, 1, 4, 20, 64);
        Tensor k = Tensor.normal(2, 1, 2, 90, 64).astype(DType.F16);
        Tensor v = Tensor.normal(3, 1, 2, 90, 64).astype(DType.F16);
        close(FlashAttention.causal(q, k, v, 0.125).toFloats(), oracle(q, k, v, true, null, 0.125), 2e-6, "half");
    }

    @Test
    void masksBroadcast() {
        Tensor q = Tensor.normal(1, 2, 4, 5, 64);
        Tensor k = Tensor.normal(2, 2, 2, 7, 64);
        Tensor v = Tensor.normal(3, 2, 2, 7, 64);
        Tensor row = Tensor.normal(4, 7);
        Tensor full = row.reshape(1, 1, 1, 7).broadcastTo(2, 4, 5, 7).contiguous();
        float[] expected = FlashAttention.attend(q, k, v, full, 0.1).toFloats();
        assertThat(FlashAttention.attend(q, k, v, row, 0.1).toFloats()).isEqualTo(expected);
        assertThat(FlashAttention.attend(q, k, v, row.reshape(1, 1, 1, 7), 0.1).toFloats())
                .isEqualTo(expected);
        Tensor heads = Tensor.normal(5, 1, 4, 1, 7);
        assertThat(FlashAttention.attend(q, k, v, heads, 0.1).toFloats())
                .isEqualTo(FlashAttention.attend(
                                q, k, v, heads.broadcastTo(2, 4, 5, 7).contiguous(), 0.1)
                        .toFloats());
    }

    @Test
    void maskedOutKeysHaveNoPart() {
        Tensor q = Tensor.normal(1, 1, 2, 3, 64);
        Tensor k = Tensor.normal(2, 1, 1, 130, 64);
        Tensor v = Tensor.normal(3, 1, 1, 130, 64);
        float[] mask = new float[130];
        Arrays.fill(mask, 0, 100, Float.NEGATIVE_INFINITY); // whole blocks, from the first on
        float[] y =
                FlashAttention.attend(q, k, v, Tensor.of(mask, 1, 130), 0.125).toFloats();
        Tensor rest = v.slice(2, 100, 130);
        close(y, oracle(q, k.slice(2, 100, 130), rest, false, null, 0.125), 2e-6, "the last 30 keys");
        Arrays.fill(mask, Float.NEGATIVE_INFINITY);
        float[] nothing =
                FlashAttention.attend(q, k, v, Tensor.of(mask, 1, 130), 0.125).toFloats();
        for (float value : nothing) {
            assertThat(value).isNaN();
        }
    }

    /** A token's result depends on the tokens before it alone: not on the chunk, the threads, or what comes later. */
    @ParameterizedTest
    @ValueSource(ints = {64, 80, 256})
    void chunksAreTheWhole(int d) {
        int s = 1100;
        Tensor q = Tensor.normal(1, 1, 6, s, d);
        Tensor k = Tensor.normal(2, 1, 2, s, d);
        Tensor v = Tensor.normal(3, 1, 2, s, d);
        Tensor whole = FlashAttention.causal(q, k, v, 0.1).eval();
        int threads = KernelThreads.count();
        try {
            for (int count : new int[] {1, 2, 3}) {
                KernelThreads.set(count);
                assertThat(FlashAttention.causal(q, k, v, 0.1).toFloats())
                        .as("%d threads", count)
                        .isEqualTo(whole.toFloats());
                for (int[] chunk :
                        new int[][] {{0, 1}, {0, 13}, {64, 70}, {511, 512}, {512, 513}, {600, 1100}, {1099, 1100}}) {
                    Tensor part = FlashAttention.causal(
                            q.slice(2, chunk[0], chunk[1]), k.slice(2, 0, chunk[1]), v.slice(2, 0, chunk[1]), 0.1);
                    assertThat(part.toFloats())
                            .as("%d threads, tokens %s", count, Arrays.toString(chunk))
                            .isEqualTo(whole.slice(2, chunk[0], chunk[1]).toFloats());
                }
            }
        } finally {
            KernelThreads.set(threads);
        }
    }

    @Test
    void laterNaNsDoNotReachEarlierTokens() {
        Tensor q = Tensor.normal(1, 1, 2, 70, 64);
        Tensor k = Tensor.normal(2, 1, 1, 70, 64);
        Tensor v = Tensor.normal(3, 1, 1, 70, 64);
        float[] broken = v.toFloats();
        Arrays.fill(broken, 66 * 64, 67 * 64, Float.NaN);
        float[] clean = FlashAttention.causal(q, k, v, 0.125).slice(2, 0, 66).toFloats();
        Tensor y = FlashAttention.causal(q, k, Tensor.of(broken, 1, 1, 70, 64), 0.125);
        assertThat(y.slice(2, 0, 66).toFloats()).isEqualTo(clean);
        for (float value : y.slice(2, 66, 70).toFloats()) {
            assertThat(value).isNaN();
        }
    }

    @Test
    void strides() {
        Tensor q = Tensor.normal(1, 1, 9, 4, 64);
        Tensor k = Tensor.normal(2, 1, 9, 2, 64);
        Tensor y =
                FlashAttention.causal(q.transpose(0, 2, 1, 3), k.transpose(0, 2, 1, 3), k.transpose(0, 2, 1, 3), 0.1);
        Tensor straight = FlashAttention.causal(
                q.transpose(0, 2, 1, 3).contiguous(),
                k.transpose(0, 2, 1, 3).contiguous(),
                k.transpose(0, 2, 1, 3).contiguous(),
                0.1);
        assertThat(y.toFloats()).isEqualTo(straight.toFloats());
    }

    @Test
    void wrongShapesAreNamed() {
        Tensor q = Tensor.zeros(DType.F32, 1, 4, 3, 64);
        Tensor k = Tensor.zeros(DType.F32, 1, 2, 5, 64);
        wrong(
                () -> FlashAttention.causal(
                        q, Tensor.zeros(DType.F32, 1, 3, 5, 64), Tensor.zeros(DType.F32, 1, 3, 5, 64), 1),
                "[1, 3, 5, 64]");
        wrong(() -> FlashAttention.causal(q, k, Tensor.zeros(DType.F32, 1, 2, 6, 64), 1), "[1, 2, 6, 64]");
        wrong(
                () -> FlashAttention.causal(
                        q, Tensor.zeros(DType.F32, 1, 2, 2, 64), Tensor.zeros(DType.F32, 1, 2, 2, 64), 1),
                "3 queries");
        wrong(() -> FlashAttention.attend(q, k, k, Tensor.zeros(DType.F32, 4, 5), 1), "[4, 5]");
        wrong(() -> FlashAttention.attend(q.astype(DType.I32), k, k, null, 1), "I32");
    }

    private static void wrong(org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String message) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(message);
    }
}
