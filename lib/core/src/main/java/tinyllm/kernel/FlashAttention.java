package tinyllm.kernel;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import tinyllm.natives.kernels;
import tinyllm.tensor.DType;
import tinyllm.tensor.DeviceThread;
import tinyllm.tensor.Tensor;

/**
 * Flash attention 2, forward: blocks of 64 keys from position 0 on with an online softmax, spans of 512 keys merged in order. The scores
 * of a query never exist all at once, so memory grows with the length and not with its square. Grouped-query: query head h reads KV
 * head h / (H_q / H_kv).
 */
public final class FlashAttention {

    private FlashAttention() {}

    /**
     * Every query sees every key, or, with a mask, what the mask leaves.
     *
     * @param q {@code [B, H_q, L, D]}
     * @param k {@code [B, H_kv, S, D]} in F32 or F16, as v
     * @param mask added to the scaled scores, broadcastable to {@code [B, H_q, L, S]}; null for none
     * @return {@code [B, H_q, L, D]} in F32
     */
    public static Tensor attend(Tensor q, Tensor k, Tensor v, @Nullable Tensor mask, double scale) {
        check(q, k, v);
        if (mask == null) {
            return run(q, k, v, false, scale);
        }
        int[] full = {q.dim(0), q.dim(1), q.dim(2), k.dim(2)};
        Tensor four = expanded(mask, full);
        return DeviceThread.apply(
                "flashAttention",
                (call, in) -> kernels.flash_attention(in[0], in[1], in[2], in[3], (float) scale, call.stream()),
                q,
                k,
                v,
                four);
    }

    /** Query i sees the keys up to {@code i + S − L}: the queries are the last positions. */
    public static Tensor causal(Tensor q, Tensor k, Tensor v, double scale) {
        check(q, k, v);
        if (q.dim(2) > k.dim(2)) {
            throw new IllegalArgumentException(
                    "flashAttention: " + q.dim(2) + " queries cannot be the last positions of " + k.dim(2) + " keys");
        }
        return run(q, k, v, true, scale);
    }

    private static Tensor run(Tensor q, Tensor k, Tensor v, boolean causal, double scale) {
        return DeviceThread.apply(
                "flashAttention",
                (call, in) -> kernels.flash_attention(in[0], in[1], in[2], causal, (float) scale, call.stream()),
                q,
                k,
                v);
    }

    /** The mask with four axes, its last one whole; the others may stay of size 1. */
    private static Tensor expanded(Tensor mask, int[] full) {
        int[] shape = {1, 1, 1, 1};
        int[] given = mask.shape();
        boolean fits = given.length <= 4;
        for (int i = 0; fits && i < given.length; i++) {
            int axis = 4 - given.length + i;
            shape[axis] = given[i];
            fits = given[i] == 1 || given[i] == full[axis];
        }
        if (!fits) {
            throw new IllegalArgumentException("flashAttention: a mask of shape " + Arrays.toString(given)
                    + " can't be broadcast to " + Arrays.toString(full));
        }
        Tensor four = mask.astype(DType.F32).reshape(shape);
        return shape[3] == full[3] ? four : four.broadcastTo(shape[0], shape[1], shape[2], full[3]);
    }

    private static void check(Tensor q, Tensor k, Tensor v) {
        boolean ranks = q.rank() == 4 && k.rank() == 4 && Arrays.equals(k.shape(), v.shape());
        if (!ranks
                || q.dim(0) != k.dim(0)
                || q.dim(3) != k.dim(3)
                || k.dim(1) < 1
                || q.dim(1) % k.dim(1) != 0
                || k.dim(2) < 1) {
            throw new IllegalArgumentException("flashAttention: q " + Arrays.toString(q.shape()) + ", k "
                    + Arrays.toString(k.shape()) + " and v " + Arrays.toString(v.shape())
                    + " have to be [B, H_q, L, D] and twice [B, H_kv, S, D], with H_q a multiple of H_kv");
        }
        for (Tensor t : new Tensor[] {q, k, v}) {
            if (t.dtype() != DType.F32 && t.dtype() != DType.F16 && t.dtype() != DType.BF16) {
                throw new IllegalArgumentException(
                        "flashAttention: q, k and v have to be F32, F16 or BF16, and one is " + t.dtype());
            }
        }
    }
}
