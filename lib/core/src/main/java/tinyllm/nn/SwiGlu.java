package tinyllm.nn;

import tinyllm.course.ReferenceUse;
import tinyllm.tensor.Tensor;

/** The gated MLP of Llama and Qwen. */
public final class SwiGlu implements MlpFn {

    private final ActivationFn activation;

    public SwiGlu(ActivationFn activation) {
        this.activation = activation;
    }

    public SwiGlu() {
        this(new Silu());
    }

    @Override
    public Tensor feed(Tensor x, Linear gate, Linear up, Linear down) {
        ReferenceUse.note("1.4 mlp");
        return down.apply(activation.activate(gate.apply(x)).mul(up.apply(x)));
    }
}
