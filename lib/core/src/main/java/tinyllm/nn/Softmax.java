package tinyllm.nn;

import tinyllm.course.ReferenceUse;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/**
 * Softmax over the last axis, in float32: {@code exp(x - max(x)) / Σ exp(x - max(x))}. A row of nothing but {@code -inf} has no
 * softmax and gives NaN.
 */
public final class Softmax implements SoftmaxFn {

    @Override
    public Tensor softmax(Tensor scores) {
        ReferenceUse.note("1.1 softmax");
        Tensor x = scores.astype(DType.F32);
        Tensor e = x.sub(x.maxKeep(-1)).exp();
        return e.div(e.sumKeep(-1)).astype(scores.dtype());
    }
}
