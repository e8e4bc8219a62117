package tinyllm.nn;

import org.jspecify.annotations.Nullable;
import tinyllm.course.ReferenceUse;
import tinyllm.tensor.Tensor;

/** Grouped-query attention by broadcasting: the query heads of one group share their KV head on an axis of size 1. */
public final class GroupedQueryAttention implements GroupedAttentionFn {

    private final AttentionFn attention;

    public GroupedQueryAttention(AttentionFn attention) {
        this.attention = attention;
    }

    public GroupedQueryAttention() {
        this(new ScaledDotProductAttention());
    }

    @Override
    public Tensor attend(Tensor q, Tensor k, Tensor v, @Nullable Tensor mask, double scale) {
        ReferenceUse.note("1.3 grouped");
        Tensor out = attention.attend(
                grouped(q, k.dim(1)), k.expandDims(2), v.expandDims(2), groupedMask(q, k, mask), scale);
        return out.reshape(q.shape()); // [B, H_kv, G, L, D] -> [B, H_q, L, D]
    }

    /** The weights that the given attention computes for these heads: {@code [B, H_q, L, S]}. */
    public static Tensor weights(AttentionFn attention, Tensor q, Tensor k, @Nullable Tensor mask, double scale) {
        Tensor w = attention.weights(grouped(q, k.dim(1)), k.expandDims(2), groupedMask(q, k, mask), scale);
        return w.reshape(q.dim(0), q.dim(1), q.dim(2), k.dim(2));
    }

    private static Tensor grouped(Tensor q, int kvHeads) {
        if (kvHeads < 1 || q.dim(1) % kvHeads != 0) {
            throw new IllegalArgumentException(
                    q.dim(1) + " query heads cannot share " + kvHeads + " KV heads: it is no multiple");
        }
        return q.reshape(q.dim(0), kvHeads, q.dim(1) / kvHeads, q.dim(2), q.dim(3)); // [B, H_kv, G, L, D]
    }

    private static @Nullable Tensor groupedMask(Tensor q, Tensor k, @Nullable Tensor mask) {
        if (mask == null || mask.rank() < 3) {
            return mask;
        }
        if (mask.dim(-3) == 1) {
            return mask.expandDims(-3);
        }
        int kvHeads = k.dim(1);
        int rows = mask.rank() == 4 ? mask.dim(0) : 1;
        return mask.reshape(rows, kvHeads, q.dim(1) / kvHeads, mask.dim(-2), mask.dim(-1));
    }
}
