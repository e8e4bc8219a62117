package tinyllm.sampling;

import java.util.Arrays;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** The library's filters, each right for every row of a batch on its own. */
final class Filters {

    private Filters() {}

    static Tensor scale(Tensor logits, double temperature) {
        return logits.div(temperature);
    }

    /** A stable sort of the negated logits puts equal ones in the order of their ids. */
    private static Tensor ranks(Tensor logits) {
        return logits.neg().argsort(-1).argsort(-1); // [B, V]: 0 is the most likely
    }

    static Tensor topK(Tensor logits, int k) {
        if (k < 1) {
            throw new IllegalArgumentException("top_k keeps at least 1 token, but k is " + k);
        }
        return masked(ranks(logits).lt(k), logits);
    }

    static Tensor topP(Tensor logits, double p) {
        Tensor order = logits.neg().argsort(-1);
        Tensor sorted = softmax(logits.takeAlongAxis(order, -1));
        Tensor before = sorted.cumsum(-1).sub(sorted); // the mass of the more likely ones
        Tensor keptSorted = before.lt(p);
        return masked(keptSorted.takeAlongAxis(order.argsort(-1), -1), logits);
    }

    static Tensor minP(Tensor logits, double p) {
        Tensor floor = logits.maxKeep(-1).add(Math.log(p)); // p(x) >= p·p(max) is the same in logits
        return masked(logits.ge(floor), logits);
    }

    static Tensor repetition(Tensor logits, int[][] seen, double penalty) {
        boolean[] flags = new boolean[(int) logits.size()];
        int vocabulary = logits.dim(1);
        for (int b = 0; b < seen.length; b++) {
            for (int id : seen[b]) {
                if (id < 0 || id >= vocabulary) {
                    throw new IllegalArgumentException(
                            "seen id " + id + " of row " + b + " is not in 0…" + (vocabulary - 1));
                }
                flags[b * vocabulary + id] = true;
            }
        }
        Tensor penalized = Tensor.where(logits.gt(0), logits.div(penalty), logits.mul(penalty));
        return Tensor.where(Tensor.of(flags, logits.shape()), penalized, logits);
    }

    static Tensor softmax(Tensor logits) {
        Tensor e = logits.sub(logits.maxKeep(-1)).exp();
        return e.div(e.sumKeep(-1));
    }

    private static Tensor masked(Tensor kept, Tensor logits) {
        return Tensor.where(kept, logits, Tensor.scalar(Double.NEGATIVE_INFINITY, logits.dtype()));
    }

    /** {@code [V]} or {@code [B, V]} to {@code [B, V]} in float32. */
    static Tensor rows(Tensor logits) {
        return switch (logits.rank()) {
            case 1 -> logits.reshape(1, logits.dim(0)).astype(DType.F32);
            case 2 -> logits.astype(DType.F32);
            default ->
                throw new IllegalArgumentException(
                        "logits must be [V] or [B, V], but have shape " + Arrays.toString(logits.shape()));
        };
    }
}
