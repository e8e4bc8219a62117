package tinyllm.model;

import org.jspecify.annotations.Nullable;
import tinyllm.kernel.RowKernels;
import tinyllm.tensor.Tensor;

/**
 * The norms of a block in float32.
 *
 * @param qNorm {@code [D]}, of each query head (Qwen3), or null, as kNorm
 */
record LayerNorms(
        Tensor input,
        Tensor postAttention,
        @Nullable Tensor qNorm,
        @Nullable Tensor kNorm,
        double eps) {

    Tensor q(Tensor heads) {
        return qNorm == null ? heads : RowKernels.rmsNorm(heads, qNorm, eps);
    }

    Tensor k(Tensor heads) {
        return kNorm == null ? heads : RowKernels.rmsNorm(heads, kNorm, eps);
    }

    long nbytes() {
        return input.nbytes() + postAttention.nbytes() + bytes(qNorm) + bytes(kNorm);
    }

    private static long bytes(@Nullable Tensor t) {
        return t == null ? 0 : t.nbytes();
    }
}
