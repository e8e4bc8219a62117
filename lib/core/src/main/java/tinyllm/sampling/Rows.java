package tinyllm.sampling;

import java.util.Arrays;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** What every filter needs of a batch of logits. */
final class Rows {

    private Rows() {}

    /** {@code [V]} or {@code [B, V]} to {@code [B, V]} in float32. */
    static Tensor of(Tensor logits) {
        return switch (logits.rank()) {
            case 1 -> logits.reshape(1, logits.dim(0)).astype(DType.F32);
            case 2 -> logits.astype(DType.F32);
            default ->
                throw new IllegalArgumentException(
                        "logits must be [V] or [B, V], but have shape " + Arrays.toString(logits.shape()));
        };
    }

    /** The logits where kept, {@code -inf} elsewhere. */
    static Tensor masked(Tensor kept, Tensor logits) {
        return Tensor.where(kept, logits, Tensor.scalar(Double.NEGATIVE_INFINITY, logits.dtype()));
    }

    static Tensor softmax(Tensor logits) {
        Tensor e = logits.sub(logits.maxKeep(-1)).exp();
        return e.div(e.sumKeep(-1));
    }
}
