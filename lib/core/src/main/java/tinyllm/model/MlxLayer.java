package tinyllm.model;

import java.util.List;
import tinyllm.cache.KeysValues;
import tinyllm.cache.KvCache;
import tinyllm.kernel.MlxKernels;
import tinyllm.nn.Heads;
import tinyllm.nn.Masks;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** A block on MLX's own fused operations. */
record MlxLayer(
        int index,
        ModelConfig config,
        MlxLinear q,
        MlxLinear k,
        MlxLinear v,
        MlxLinear o,
        MlxLinear gate,
        MlxLinear up,
        MlxLinear downProjection,
        LayerNorms norms)
        implements LayerKernels {

    @Override
    public Tensor qkv(Tensor x) {
        Tensor normed = MlxKernels.rmsNorm(x, norms.input(), norms.eps());
        return Tensor.concat(-1, q.apply(normed), k.apply(normed), v.apply(normed));
    }

    @Override
    public Tensor attend(Tensor qkv, StepCaches caches) {
        return caches.oneByOne(qkv, this::attend);
    }

    private Tensor attend(Tensor qkv, KvCache cache) {
        int wide = config.numAttentionHeads() * config.headDim();
        int narrow = config.numKeyValueHeads() * config.headDim();
        Tensor queries = Heads.split(qkv.slice(-1, 0, wide), config.numAttentionHeads());
        Tensor keys = Heads.split(qkv.slice(-1, wide, wide + narrow), config.numKeyValueHeads());
        Tensor values = Heads.split(qkv.slice(-1, wide + narrow, wide + 2 * narrow), config.numKeyValueHeads());
        if (norms.qNorm() != null && norms.kNorm() != null) {
            queries = MlxKernels.rmsNorm(queries, norms.qNorm(), norms.eps());
            keys = MlxKernels.rmsNorm(keys, norms.kNorm(), norms.eps());
        }
        KeysValues all = cache.append(index, new KeysValues(rotated(keys, cache), values));
        int tokens = qkv.dim(1);
        Tensor mask = tokens == 1 ? null : new Masks().causal(tokens, cache.kept() + tokens, DType.F32);
        double scale = 1 / Math.sqrt(config.headDim());
        Tensor rotated = rotated(queries, cache);
        Caches.tell(cache, index, rotated, all.keys(), scale);
        return Heads.merge(MlxKernels.attend(rotated, all.keys(), all.values(), mask, scale));
    }

    private Tensor rotated(Tensor heads, KvCache cache) {
        return MlxKernels.rope(heads, cache.length(), config.ropeTheta(), config.ropeTraditional());
    }

    @Override
    public Tensor output(Tensor attended, Tensor residual) {
        return residual.add(o.apply(attended));
    }

    @Override
    public Tensor gated(Tensor h) {
        Tensor normed = MlxKernels.rmsNorm(h, norms.postAttention(), norms.eps());
        Tensor g = gate.apply(normed);
        return g.mul(g.sigmoid()).mul(up.apply(normed));
    }

    @Override
    public Tensor down(Tensor gated, Tensor residual) {
        return residual.add(downProjection.apply(gated));
    }

    @Override
    public List<ModelOperation> operations() {
        return List.of(
                q.operation(ModelOperation.QKV)
                        .plus(k.operation(ModelOperation.QKV))
                        .plus(v.operation(ModelOperation.QKV)),
                ModelOperation.of(ModelOperation.ATTENTION),
                o.operation(ModelOperation.ATTENTION_OUT),
                gate.operation(ModelOperation.GATE_UP).plus(up.operation(ModelOperation.GATE_UP)),
                downProjection.operation(ModelOperation.DOWN));
    }

    @Override
    public long nbytes() {
        return q.nbytes()
                + k.nbytes()
                + v.nbytes()
                + o.nbytes()
                + gate.nbytes()
                + up.nbytes()
                + downProjection.nbytes()
                + norms.nbytes();
    }
}
