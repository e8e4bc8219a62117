package tinyllm.nn;

import tinyllm.course.ReferenceUse;
import tinyllm.tensor.Tensor;

/** SiLU by the stable sigmoid: {@code x · sigmoid(x)}. */
public final class Silu implements ActivationFn {

    @Override
    public Tensor activate(Tensor x) {
        ReferenceUse.note("1.4 silu");
        return x.mul(x.sigmoid());
    }
}
