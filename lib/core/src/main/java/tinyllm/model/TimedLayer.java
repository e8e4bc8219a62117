package tinyllm.model;

import java.util.List;
import tinyllm.profile.OperationTimer;
import tinyllm.tensor.Tensor;

/** A block whose five operations are timed one by one. The block itself knows nothing of it. */
record TimedLayer(LayerKernels layer, int index, OperationTimer timer) implements LayerKernels {

    @Override
    public Tensor qkv(Tensor x) {
        return timer.time(ModelOperation.QKV, index, () -> layer.qkv(x), x);
    }

    @Override
    public Tensor attend(Tensor qkv, StepCaches caches) {
        return timer.time(ModelOperation.ATTENTION, index, () -> layer.attend(qkv, caches), qkv);
    }

    @Override
    public Tensor output(Tensor attended, Tensor residual) {
        return timer.time(
                ModelOperation.ATTENTION_OUT, index, () -> layer.output(attended, residual), attended, residual);
    }

    @Override
    public Tensor gated(Tensor h) {
        return timer.time(ModelOperation.GATE_UP, index, () -> layer.gated(h), h);
    }

    @Override
    public Tensor down(Tensor gated, Tensor residual) {
        return timer.time(ModelOperation.DOWN, index, () -> layer.down(gated, residual), gated, residual);
    }

    @Override
    public List<ModelOperation> operations() {
        return layer.operations();
    }

    @Override
    public long nbytes() {
        return layer.nbytes();
    }
}
