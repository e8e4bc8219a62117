package tinyllm.nn;

import org.jspecify.annotations.Nullable;
import tinyllm.course.ReferenceUse;
import tinyllm.tensor.Tensor;

/** Attention and MLP, each on the normalised residual stream and added back to it. */
public final class TransformerBlock implements BlockFn {

    @Override
    public Tensor apply(Tensor x, BlockWeights w, @Nullable Tensor mask, int offset, Parts parts) {
        ReferenceUse.note("1.5 block");
        NormFn norm = parts.norm();
        Tensor attended = parts.attentionLayer()
                .apply(norm.normalize(x, w.inputNorm(), w.rmsNormEps()), w.attention(), mask, offset, parts);
        Tensor h = x.add(attended);
        Tensor fed = parts.mlp()
                .feed(norm.normalize(h, w.postAttentionNorm(), w.rmsNormEps()), w.gateProj(), w.upProj(), w.downProj());
        return h.add(fed);
    }
}
