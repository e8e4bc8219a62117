package tinyllm.model;

import java.util.List;
import tinyllm.tensor.Tensor;

/** One block as five fused operations, on one set of kernels. The L rows are those of all sequences of a step. */
interface LayerKernels {

    /** The whole block, {@code [1, L, E]} to the same: the five one after the other, or as one where that is the same. */
    default Tensor block(Tensor x, StepCaches caches) {
        Tensor h = output(attend(qkv(x), caches), x);
        return down(gated(h), h);
    }

    /** Norm and the projections to Q, K and V: {@code [1, L, E]} to {@code [1, L, (H_q + 2 H_kv) · D]}. */
    Tensor qkv(Tensor x);

    /** Rotary embedding, the caches, attention: to {@code [1, L, H_q · D]}. */
    Tensor attend(Tensor qkv, StepCaches caches);

    /** Output projection, added to the residual stream. */
    Tensor output(Tensor attended, Tensor residual);

    /** Norm, gate and up: to {@code [1, L, I]}. */
    Tensor gated(Tensor h);

    /** Down projection, added to the residual stream. */
    Tensor down(Tensor gated, Tensor residual);

    /** Its operations, with the weights that each multiplies by. */
    List<ModelOperation> operations();

    long nbytes();
}
