package tinyllm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static tinyllm.kernel.MetalTables.equal;
import static tinyllm.kernel.MetalTables.silent;
import static tinyllm.kernel.MetalTables.silentAll;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** The attention kernels of metal/ over a table of shapes and masks: equal to the oracle, and every detector silent. */
class MetalAttentionTest {

    // B, Hq, Hkv, L, S, D
    private static final int[][] ATTENTIONS = {
        {1, 1, 1, 1, 1, 64},
        {1, 2, 1, 5, 5, 64},
        {2, 4, 2, 3, 40, 64},
        {1, 2, 2, 33, 70, 80},
        {1, 1, 1, 40, 40, 96},
        {1, 2, 1, 17, 33, 128},
        {1, 1, 1, 20, 37, 256},
    };

    static Stream<Arguments> attentions() {
        return Stream.of(ATTENTIONS).map(a -> Arguments.of(a[0], a[1], a[2], a[3], a[4], a[5]));
    }

    @ParameterizedTest
    @MethodSource("attentions")
    void prefill(int b, int hq, int hkv, int l, int s, int d) {
        Tensor q = Oracle.normal(13, DType.F32, b, hq, l, d);
        Tensor k = Oracle.normal(14, DType.F32, b, hkv, s, d);
        Tensor v = Oracle.normal(15, DType.F32, b, hkv, s, d);
        float scale = (float) (1 / Math.sqrt(d));
        for (boolean causal : d == 64 ? new boolean[] {true, false} : new boolean[] {true}) {
            Tensor out = silent(AttentionKernels.prefill(q, k, v, scale, causal));
            equal(out, Oracle.attention(q, k, v, scale, causal), 5e-6);
        }
    }

    @ParameterizedTest
    @MethodSource("attentions")
    @Tag("slow")
    void maskedPrefill(int b, int hq, int hkv, int l, int s, int d) {
        Tensor q = Oracle.normal(13, DType.F32, b, hq, l, d);
        Tensor k = Oracle.normal(14, DType.F32, b, hkv, s, d);
        Tensor v = Oracle.normal(15, DType.F32, b, hkv, s, d);
        float scale = (float) (1 / Math.sqrt(d));
        int[][] shapes = d == 64
                ? new int[][] {{b, hq, l, s}, {l, s}, {b, 1, 1, s}, {hq, l, 1}, {1}}
                : new int[][] {{b, hq, l, s}};
        for (int[] shape : shapes) {
            Tensor mask = Oracle.normal(23, DType.F32, shape).mul(3);
            // Every third number hides its key, but for the first key's, so that every query keeps one.
            Tensor hidden = Tensor.arange((int) mask.size())
                    .reshape(shape)
                    .remainder(Tensor.scalar(3, DType.I32))
                    .eq(2);
            mask = shape.length > 1 && s > 1 && shape[shape.length - 1] == s
                    ? Tensor.where(hidden.and(keyIndex(shape).gt(0)), Tensor.scalar(Double.NEGATIVE_INFINITY), mask)
                    : mask;
            Tensor out = silent(AttentionKernels.prefill(q, k, v, mask, scale));
            equal(out, Oracle.attention(q, k, v, mask.broadcastTo(b, hq, l, s), scale, false), 5e-6);
        }
    }

    private static Tensor keyIndex(int[] shape) {
        return Tensor.arange(shape[shape.length - 1]).broadcastTo(shape);
    }

    @Test
    void nanStaysInItsQuery() {
        float[] values = Oracle.normal(13, DType.F32, 9 * 64).toFloats();
        values[2 * 64 + 5] = Float.NaN;
        values[6 * 64] = Float.POSITIVE_INFINITY;
        Tensor q = Tensor.of(values, 1, 1, 9, 64);
        Tensor k = Oracle.normal(14, DType.F32, 1, 1, 70, 64);
        equal(silent(AttentionKernels.prefill(q, k, k, 0.125f, false)), Oracle.attention(q, k, k, 0.125, false), 5e-6);
    }

    /** Whole tiles hidden, from the first on; a query whose keys are all hidden has no mean of values. */
    @Test
    void hiddenTiles() {
        Tensor q = Oracle.normal(13, DType.F16, 1, 2, 9, 64);
        Tensor k = Oracle.normal(14, DType.F16, 1, 1, 130, 64);
        float[] mask = new float[9 * 130];
        Arrays.fill(mask, 130, 130 + 100, Float.NEGATIVE_INFINITY);
        Arrays.fill(mask, 260, 390, Float.NEGATIVE_INFINITY);
        Tensor masks = Tensor.of(mask, 9, 130);
        double[] truth = Oracle.attention(q, k, k, masks.broadcastTo(1, 2, 9, 130), 0.125, false);
        equal(silent(AttentionKernels.prefill(q, k, k, masks, 0.125f)), truth, 2e-3);
        assertThat(truth[2 * 64]).isNaN();
        assertThat(truth[64]).isFinite();
    }

    @ParameterizedTest
    @MethodSource("attentions")
    void decode(int b, int hq, int hkv, int l, int s, int d) {
        Tensor q = Oracle.normal(16, DType.F32, b, hq, d);
        Tensor k = Oracle.normal(17, DType.F32, b, hkv, s, d);
        Tensor v = Oracle.normal(18, DType.F32, b, hkv, s, d);
        float scale = (float) (1 / Math.sqrt(d));
        double[] truth = Oracle.attention(q.reshape(b, hq, 1, d), k, v, scale, false);
        equal(silent(AttentionKernels.decode(q, k, v, scale)), truth, 5e-6);
        if (s > 1) {
            List<Tensor> blocks = silentAll(AttentionKernels.decodeBlocks(q, k, v, scale, 3));
            Tensor joined = silent(AttentionKernels.decodeJoin(blocks.get(0), blocks.get(1), DType.F32));
            equal(joined, truth, 5e-6);
        }
    }

    @Test
    void halfAttention() {
        Tensor q = Oracle.normal(19, DType.F16, 1, 2, 9, 64);
        Tensor k = Oracle.normal(20, DType.F16, 1, 1, 35, 64);
        Tensor v = Oracle.normal(21, DType.F16, 1, 1, 35, 64);
        equal(silent(AttentionKernels.prefill(q, k, v, 0.125f, true)), Oracle.attention(q, k, v, 0.125, true), 2e-3);
    }

    /** A tile above the diagonal is never read: the work under a causal mask is about half. */
    @Test
    void causalTilesAreSkipped() {
        Tensor q = Oracle.normal(22, DType.F32, 1, 1, 128, 64);
        long all = AttentionKernels.prefill(q, q, q, 0.125f, false)
                .inspect()
                .report()
                .transactions();
        long causal = AttentionKernels.prefill(q, q, q, 0.125f, true)
                .inspect()
                .report()
                .transactions();
        assertThat((double) causal / all)
                .isBetween(0.55, 0.75); // 10 of 16 tiles, and the queries and results as before
    }
}
