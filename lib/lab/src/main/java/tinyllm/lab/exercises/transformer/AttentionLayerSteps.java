package tinyllm.lab.exercises.transformer;

import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import tinyllm.nn.AttentionLayerFn;
import tinyllm.nn.AttentionWeights;
import tinyllm.nn.Heads;
import tinyllm.nn.Linear;
import tinyllm.nn.Parts;
import tinyllm.tensor.Tensor;

/** An attention layer in steps, of which each mistake replaces one. Qwen3's norms stand before the rotation where there are any. */
class AttentionLayerSteps implements AttentionLayerFn {

    Tensor project(Linear linear, Tensor x) {
        return linear.apply(x);
    }

    Tensor split(Tensor y, int heads) {
        return Heads.split(y, heads);
    }

    Tensor merge(Tensor heads) {
        return Heads.merge(heads);
    }

    /** A query's or key's heads {@code [B, H, L, D]} on their way to the attention. */
    Tensor prepare(Tensor heads, @Nullable Tensor norm, AttentionWeights w, UnaryOperator<Tensor> rotate, Parts parts) {
        return rotate.apply(normed(heads, norm, w, parts));
    }

    Tensor normed(Tensor heads, @Nullable Tensor norm, AttentionWeights w, Parts parts) {
        return norm == null ? heads : parts.norm().normalize(heads, norm, w.rmsNormEps());
    }

    Tensor query(Tensor heads, AttentionWeights w, UnaryOperator<Tensor> rotate, Parts parts) {
        return prepare(heads, w.qNorm(), w, rotate, parts);
    }

    Tensor key(Tensor heads, AttentionWeights w, UnaryOperator<Tensor> rotate, Parts parts) {
        return prepare(heads, w.kNorm(), w, rotate, parts);
    }

    Tensor value(Tensor heads, AttentionWeights w, UnaryOperator<Tensor> rotate, Parts parts) {
        return heads;
    }

    Tensor rotate(Tensor heads, int offset, AttentionWeights w, Parts parts) {
        return parts.rope().rotate(heads, offset, w.ropeTheta(), w.ropeTraditional());
    }

    double scale(AttentionWeights w) {
        return 1 / Math.sqrt(w.headDim());
    }

    @Nullable
    Tensor mask(@Nullable Tensor mask) {
        return mask;
    }

    Tensor output(Linear oProj, Tensor merged) {
        return oProj.apply(merged);
    }

    @Override
    public Tensor apply(Tensor x, AttentionWeights w, @Nullable Tensor mask, int offset, Parts parts) {
        UnaryOperator<Tensor> rotate = heads -> rotate(heads, offset, w, parts);
        Tensor q = query(split(project(w.qProj(), x), w.numHeads()), w, rotate, parts);
        Tensor k = key(split(project(w.kProj(), x), w.numKvHeads()), w, rotate, parts);
        Tensor v = value(split(project(w.vProj(), x), w.numKvHeads()), w, rotate, parts);
        return output(w.oProj(), merge(parts.grouped().attend(q, k, v, mask(mask), scale(w))));
    }
}
