package tinyllm.model;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tinyllm.cache.KeysValues;
import tinyllm.cache.KvCache;
import tinyllm.kernel.QuantizedMatmul;
import tinyllm.kernel.RowKernels;
import tinyllm.nn.GroupedQueryAttention;
import tinyllm.nn.Heads;
import tinyllm.nn.Masks;
import tinyllm.nn.RmsNorm;
import tinyllm.nn.Rope;
import tinyllm.nn.Silu;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** A block with our own quantized products, and array operations for what it does without. It shares the weights of the full block. */
record StagedLayer(OwnLayer full, Set<LayerFeature> features, QuantizedMatmul projections, QuantizedMatmul gateUp)
        implements LayerKernels {

    static LayerKernels of(OwnLayer full, Set<LayerFeature> features) {
        return features.size() == LayerFeature.values().length
                ? full
                : new StagedLayer(full, features, plain(full.projections()), plain(full.gateUp()));
    }

    /** The same matrices without what is fused with them. */
    private static QuantizedMatmul plain(QuantizedMatmul fused) {
        return QuantizedMatmul.of(fused.weights().toArray(new tinyllm.kernel.PackedWeight[0]));
    }

    private boolean small() {
        return features.contains(LayerFeature.SMALL_KERNELS);
    }

    @Override
    public Tensor qkv(Tensor x) {
        return small() ? full.qkv(x) : projections.apply(norm(x, full.norms().input()));
    }

    private Tensor norm(Tensor x, @Nullable Tensor weight) {
        if (weight == null) {
            return x;
        }
        double eps = full.norms().eps();
        return small() ? RowKernels.rmsNorm(x, weight, eps) : new RmsNorm().normalize(x, weight, eps);
    }

    @Override
    public Tensor attend(Tensor qkv, StepCaches caches) {
        return features.contains(LayerFeature.FLASH_ATTENTION)
                ? full.attend(qkv, caches)
                : caches.oneByOne(qkv, this::attend);
    }

    private Tensor attend(Tensor qkv, KvCache cache) {
        ModelConfig config = full.config();
        int q = config.numAttentionHeads() * config.headDim();
        int kv = config.numKeyValueHeads() * config.headDim();
        Tensor queries = Heads.split(qkv.slice(-1, 0, q), config.numAttentionHeads()); // [1, H, L, D]
        Tensor keys = Heads.split(qkv.slice(-1, q, q + kv), config.numKeyValueHeads());
        Tensor values = Heads.split(qkv.slice(-1, q + kv, q + 2 * kv), config.numKeyValueHeads());
        Tensor turned = rotated(norm(queries, full.norms().qNorm()), cache);
        Tensor newKeys = rotated(norm(keys, full.norms().kNorm()), cache);
        KeysValues all = cache.append(full.index(), new KeysValues(newKeys, values));
        int tokens = qkv.dim(1);
        Tensor mask = tokens == 1 ? null : new Masks().causal(tokens, cache.length() + tokens, DType.F32);
        double scale = 1 / Math.sqrt(config.headDim());
        return Heads.merge(new GroupedQueryAttention().attend(turned, all.keys(), all.values(), mask, scale));
    }

    private Tensor rotated(Tensor heads, KvCache cache) {
        boolean neighbours = full.config().ropeTraditional();
        return small()
                ? RowKernels.rope(heads, full.rope(), cache.length(), neighbours)
                : new Rope().rotate(heads, cache.length(), full.config().ropeTheta(), neighbours);
    }

    @Override
    public Tensor output(Tensor attended, Tensor residual) {
        return small()
                ? full.output(attended, residual)
                : full.outProjection().apply(attended).add(residual);
    }

    @Override
    public Tensor gated(Tensor h) {
        if (small()) {
            return full.gated(h);
        }
        Tensor both = gateUp.apply(norm(h, full.norms().postAttention())); // [1, L, 2 I]
        int inner = both.dim(-1) / 2;
        return new Silu().activate(both.slice(-1, 0, inner)).mul(both.slice(-1, inner, 2 * inner));
    }

    @Override
    public Tensor down(Tensor gated, Tensor residual) {
        return small()
                ? full.down(gated, residual)
                : full.downProjection().apply(gated).add(residual);
    }

    @Override
    public List<ModelOperation> operations() {
        return full.operations();
    }

    @Override
    public long nbytes() {
        return full.nbytes();
    }
}
