package tinyllm.nn;

import org.jspecify.annotations.Nullable;
import tinyllm.course.ReferenceUse;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Scaled dot-product attention written out; scores and softmax in float32. */
public final class ScaledDotProductAttention implements AttentionFn {

    private final SoftmaxFn softmax;

    public ScaledDotProductAttention(SoftmaxFn softmax) {
        this.softmax = softmax;
    }

    public ScaledDotProductAttention() {
        this(new Softmax());
    }

    @Override
    public Tensor weights(Tensor q, Tensor k, @Nullable Tensor mask, double scale) {
        ReferenceUse.note("1.1 weights");
        return softmax.softmax(scores(q, k, mask, scale)).astype(q.dtype());
    }

    @Override
    public Tensor attend(Tensor q, Tensor k, Tensor v, @Nullable Tensor mask, double scale) {
        ReferenceUse.note("1.1 attention");
        return weights(q, k, mask, scale).matmul(v); // [..., L, S] x [..., S, D] -> [..., L, D]
    }

    /** The scores before the softmax, {@code q · kᵀ · scale + mask}, in float32: {@code [..., L, S]}. */
    public static Tensor scores(Tensor q, Tensor k, @Nullable Tensor mask, double scale) {
        Tensor scores = q.astype(DType.F32).matmul(k.astype(DType.F32).T()).mul(scale);
        return mask == null ? scores : scores.add(mask.astype(DType.F32));
    }
}
