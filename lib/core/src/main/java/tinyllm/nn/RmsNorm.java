package tinyllm.nn;

import tinyllm.course.ReferenceUse;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** A vector over the root of its mean square: computed in float32, cast back, then times the weight, in this order. */
public final class RmsNorm implements NormFn {

    @Override
    public Tensor normalize(Tensor x, Tensor weight, double eps) {
        ReferenceUse.note("1.4 rmsnorm");
        Tensor wide = x.astype(DType.F32);
        Tensor normed = wide.mul(wide.square().meanKeep(-1).add(eps).rsqrt());
        return normed.astype(x.dtype()).mul(weight.astype(x.dtype()));
    }
}
