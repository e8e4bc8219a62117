package tinyllm.nn;

import org.jspecify.annotations.Nullable;
import tinyllm.course.ReferenceUse;
import tinyllm.tensor.Tensor;

/** Multi-head self-attention: project, split into heads, attend in each, merge, project back. */
public final class MultiHeadAttention implements MultiHeadFn {

    private final AttentionFn attention;

    public MultiHeadAttention(AttentionFn attention) {
        this.attention = attention;
    }

    public MultiHeadAttention() {
        this(new ScaledDotProductAttention());
    }

    @Override
    public Tensor apply(Tensor x, Tensor wq, Tensor wk, Tensor wv, Tensor wo, int numHeads, @Nullable Tensor mask) {
        ReferenceUse.note("1.1 multi-head");
        Tensor q = Heads.split(x.matmul(wq.T()), numHeads); // [B, H, L, D]
        Tensor k = Heads.split(x.matmul(wk.T()), numHeads);
        Tensor v = Heads.split(x.matmul(wv.T()), numHeads);
        Tensor mixed = attention.attend(q, k, v, mask, 1 / Math.sqrt(q.dim(-1)));
        return Heads.merge(mixed).matmul(wo.T());
    }
}
