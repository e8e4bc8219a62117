package tinyllm.nn;

import org.jspecify.annotations.Nullable;
import tinyllm.course.ReferenceUse;
import tinyllm.tensor.Tensor;

/** The attention layer of Qwen2 (biases), Qwen3 (norms on Q and K) and Llama (neither). */
public final class Attention implements AttentionLayerFn {

    @Override
    public Tensor apply(Tensor x, AttentionWeights w, @Nullable Tensor mask, int offset, Parts parts) {
        ReferenceUse.note(w.qNorm() == null ? "1.5 attention layer" : "1.5 qwen3");
        Tensor q = normed(Heads.split(w.qProj().apply(x), w.numHeads()), w.qNorm(), w, parts); // [B, H_q, L, D]
        Tensor k = normed(Heads.split(w.kProj().apply(x), w.numKvHeads()), w.kNorm(), w, parts); // [B, H_kv, L, D]
        Tensor v = Heads.split(w.vProj().apply(x), w.numKvHeads());
        q = parts.rope().rotate(q, offset, w.ropeTheta(), w.ropeTraditional());
        k = parts.rope().rotate(k, offset, w.ropeTheta(), w.ropeTraditional());
        Tensor mixed = parts.grouped().attend(q, k, v, mask, 1 / Math.sqrt(w.headDim()));
        return w.oProj().apply(Heads.merge(mixed));
    }

    private static Tensor normed(Tensor heads, @Nullable Tensor weight, AttentionWeights w, Parts parts) {
        return weight == null ? heads : parts.norm().normalize(heads, weight, w.rmsNormEps());
    }
}
