package tinyllm.sampling;

import tinyllm.course.ReferenceUse;
import tinyllm.tensor.Tensor;

/** The k most likely tokens of each row, by rank, so that exactly k stay when logits are equal. */
public final class TopK implements TopKFn {

    @Override
    public Tensor keep(Tensor logits, int k) {
        ReferenceUse.note("1.7 top-k");
        if (k < 1) {
            throw new IllegalArgumentException("top_k keeps at least 1 token, but k is " + k);
        }
        Tensor rank = logits.neg().argsort(-1).argsort(-1); // [B, V]: 0 is the most likely
        return Rows.masked(rank.lt(k), logits);
    }
}
