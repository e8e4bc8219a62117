package tinyllm.kernel;

import java.util.Arrays;
import java.util.List;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Attention as calls of this lab's Metal kernels (chapters 2.5a and 2.5b). Query head h reads key head h / (Hq / Hkv). */
public final class AttentionKernels {
    static final List<Integer> HEAD_SIZES = List.of(64, 80, 96, 128, 256);

    private static final String PREFILL = "attention_prefill";

    private AttentionKernels() {}

    /** One query each: q [B, Hq, D], k and v [B, Hkv, S, D] → [B, Hq, D]. */
    public static KernelCall decode(Tensor q, Tensor k, Tensor v, float scale) {
        checkDecode("attention_decode", q, k, v);
        return KernelCall.of(
                MetalKernel.library("attention_decode.metal", "attention_decode")
                        .inputs("q", "k", "v", "scale")
                        .outputs("out"),
                Launch.grid(1024, q.dim(1), q.dim(0))
                        .group(1024, 1, 1)
                        .output(q.dtype(), q.shape())
                        .template("T", q.dtype())
                        .template("D", q.dim(2)),
                q,
                k,
                v,
                Tensor.scalar(scale));
    }

    /** The first of two launches for long contexts: F32 values [B · Hq, blocks, D], largest scores and sums [B · Hq, blocks, 2]. */
    public static KernelCall decodeBlocks(Tensor q, Tensor k, Tensor v, float scale, int blocks) {
        checkDecode("attention_decode_blocks", q, k, v);
        Demand.that(
                blocks >= 1 && blocks <= 1024,
                "attention_decode_blocks",
                blocks + " blocks are not possible; 1 to 1024 are");
        int rows = q.dim(0) * q.dim(1);
        return KernelCall.of(
                MetalKernel.library("attention_decode.metal", "attention_decode_blocks")
                        .inputs("q", "k", "v", "scale")
                        .outputs("partial", "states"),
                Launch.grid(1024 * blocks, q.dim(1), q.dim(0))
                        .group(1024, 1, 1)
                        .output(DType.F32, rows, blocks, q.dim(2))
                        .output(DType.F32, rows, blocks, 2)
                        .template("T", q.dtype())
                        .template("D", q.dim(2))
                        .template("BLOCKS", blocks),
                q,
                k,
                v,
                Tensor.scalar(scale));
    }

    /** The second launch: what {@link #decodeBlocks} gave → [B · Hq, D]. */
    public static KernelCall decodeJoin(Tensor partial, Tensor states, DType dtype) {
        Demand.rank("attention_decode_join", "partial", partial, 3);
        Demand.shape("attention_decode_join", "states", states, partial.dim(0), partial.dim(1), 2);
        return KernelCall.of(
                MetalKernel.library("attention_decode.metal", "attention_decode_join")
                        .inputs("partial", "states")
                        .outputs("out"),
                Launch.grid(32, partial.dim(0))
                        .group(32, 1)
                        .output(dtype, partial.dim(0), partial.dim(2))
                        .template("T", dtype),
                partial,
                states);
    }

    /** Many queries: q [B, Hq, L, D], k and v [B, Hkv, S, D] → [B, Hq, L, D]; causal: the queries are the last L positions. */
    public static KernelCall prefill(Tensor q, Tensor k, Tensor v, float scale, boolean causal) {
        return prefill(q, k, v, Tensor.zeros(q.dtype(), 1, 1, 1, 1), scale, causal, false);
    }

    /**
     * Many queries under a mask that is added to the scaled scores.
     *
     * @param mask F32, F16 or BF16, broadcastable to [B, Hq, L, S]; −∞ hides a key, and a query without any key gets NaN
     */
    public static KernelCall prefill(Tensor q, Tensor k, Tensor v, Tensor mask, float scale) {
        checkPrefill(q, k, v);
        Demand.floating(PREFILL, "mask", mask);
        return prefill(q, k, v, fourAxes(mask, q.dim(0), q.dim(1), q.dim(2), k.dim(2)), scale, false, true);
    }

    private static KernelCall prefill(
            Tensor q, Tensor k, Tensor v, Tensor mask, float scale, boolean causal, boolean masked) {
        checkPrefill(q, k, v);
        Demand.that(
                !causal || q.dim(2) <= k.dim(2),
                PREFILL,
                q.dim(2) + " queries can't be the last positions of " + k.dim(2) + " keys");
        boolean large = q.dim(3) > 128;
        int groups = large ? 2 : 4;
        return KernelCall.of(
                MetalKernel.library("attention_prefill.metal", PREFILL)
                        .inputs("q", "k", "v", "mask", "scale")
                        .outputs("out"),
                Launch.grid(32 * groups * Math.ceilDiv(q.dim(2), 8 * groups), q.dim(1), q.dim(0))
                        .group(32 * groups, 1, 1)
                        .output(q.dtype(), q.shape())
                        .template("T", q.dtype())
                        .template("D", q.dim(3))
                        .template("BK", large ? 16 : 32)
                        .template("GROUPS", groups)
                        .template("CAUSAL", causal)
                        .template("MASKED", masked),
                q,
                k,
                v,
                mask,
                Tensor.scalar(scale));
    }

    private static Tensor fourAxes(Tensor mask, int... full) {
        int missing = 4 - mask.rank();
        int[] shape = {1, 1, 1, 1};
        boolean fits = missing >= 0;
        for (int i = 0; fits && i < mask.rank(); i++) {
            shape[missing + i] = mask.dim(i);
            fits = mask.dim(i) == 1 || mask.dim(i) == full[missing + i];
        }
        Demand.that(
                fits,
                PREFILL,
                "a mask of shape " + Arrays.toString(mask.shape()) + " can't be broadcast to " + Arrays.toString(full));
        return mask.reshape(shape);
    }

    private static void checkPrefill(Tensor q, Tensor k, Tensor v) {
        Demand.rank(PREFILL, "q", q, 4);
        check(PREFILL, q, k, v, q.dim(1), q.dim(3));
    }

    private static void checkDecode(String name, Tensor q, Tensor k, Tensor v) {
        Demand.rank(name, "q", q, 3);
        check(name, q, k, v, q.dim(1), q.dim(2));
    }

    private static void check(String name, Tensor q, Tensor k, Tensor v, int heads, int dim) {
        Demand.floating(name, "q", q);
        Demand.rank(name, "k", k, 4);
        Demand.dtype(name, "k", k, q.dtype());
        Demand.dtype(name, "v", v, q.dtype());
        Demand.that(
                HEAD_SIZES.contains(dim), name, "a head size of " + dim + " is not possible; " + HEAD_SIZES + " are");
        Demand.shape(name, "k", k, q.dim(0), k.dim(1), k.dim(2), dim);
        Demand.shape(name, "v", v, k.shape());
        Demand.that(heads % k.dim(1) == 0, name, heads + " query heads can't share " + k.dim(1) + " key heads evenly");
    }
}
