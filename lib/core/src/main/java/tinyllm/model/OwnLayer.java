package tinyllm.model;

import java.util.List;
import tinyllm.cache.KeysValues;
import tinyllm.cache.KvCache;
import tinyllm.kernel.BlockTables;
import tinyllm.kernel.CachedAttention;
import tinyllm.kernel.DecoderBlock;
import tinyllm.kernel.FlashAttention;
import tinyllm.kernel.KvStorage;
import tinyllm.kernel.PackedWeight;
import tinyllm.kernel.QuantizedMatmul;
import tinyllm.kernel.RopeTable;
import tinyllm.kernel.RowKernels;
import tinyllm.nn.Heads;
import tinyllm.tensor.Tensor;

/** A block on this lab's own kernels. */
record OwnLayer(
        int index,
        ModelConfig config,
        QuantizedMatmul projections,
        CachedAttention attention,
        RopeTable rope,
        QuantizedMatmul outProjection,
        QuantizedMatmul gateUp,
        QuantizedMatmul downProjection,
        LayerNorms norms,
        DecoderBlock whole)
        implements LayerKernels {

    OwnLayer(
            int index,
            ModelConfig config,
            QuantizedMatmul projections,
            CachedAttention attention,
            RopeTable rope,
            QuantizedMatmul outProjection,
            QuantizedMatmul gateUp,
            QuantizedMatmul downProjection,
            LayerNorms norms) {
        this(
                index,
                config,
                projections,
                attention,
                rope,
                outProjection,
                gateUp,
                downProjection,
                norms,
                new DecoderBlock(projections, attention, outProjection, gateUp, downProjection));
    }

    @Override
    public Tensor block(Tensor x, StepCaches caches) {
        BlockTables tables = caches.tables();
        if (tables != null) {
            return whole.apply(x, rope, tables, index);
        }
        KvCache cache = caches.caches().getFirst();
        KvStorage storage = caches.caches().size() == 1 ? cache.storage(index) : null;
        return storage == null ? LayerKernels.super.block(x, caches) : whole.apply(x, rope, storage, cache.length());
    }

    @Override
    public Tensor qkv(Tensor x) {
        return projections.apply(x);
    }

    @Override
    public Tensor attend(Tensor qkv, StepCaches caches) {
        BlockTables tables = caches.tables();
        return tables == null ? caches.oneByOne(qkv, this::attend) : attention.apply(qkv, rope, tables, index);
    }

    private Tensor attend(Tensor qkv, KvCache cache) {
        KvStorage storage = cache.storage(index);
        return storage == null ? unfused(qkv, cache) : attention.apply(qkv, rope, storage, cache.length());
    }

    /** Over a cache that is not ours: the same steps, one by one. */
    private Tensor unfused(Tensor qkv, KvCache cache) {
        int q = config.numAttentionHeads() * config.headDim();
        int kv = config.numKeyValueHeads() * config.headDim();
        Tensor queries = rotated(norms.q(Heads.split(qkv.slice(-1, 0, q), config.numAttentionHeads())), cache);
        Tensor keys = rotated(norms.k(Heads.split(qkv.slice(-1, q, q + kv), config.numKeyValueHeads())), cache);
        Tensor values = Heads.split(qkv.slice(-1, q + kv, q + 2 * kv), config.numKeyValueHeads());
        KeysValues all = cache.append(index, new KeysValues(keys, values));
        double scale = 1 / Math.sqrt(config.headDim());
        Caches.tell(cache, index, queries, all.keys(), scale);
        return Heads.merge(FlashAttention.causal(queries, all.keys(), all.values(), scale));
    }

    private Tensor rotated(Tensor heads, KvCache cache) {
        return RowKernels.rope(heads, rope, cache.length(), config.ropeTraditional());
    }

    @Override
    public Tensor output(Tensor attended, Tensor residual) {
        return outProjection.apply(attended, residual);
    }

    @Override
    public Tensor gated(Tensor h) {
        return gateUp.apply(h);
    }

    @Override
    public Tensor down(Tensor gated, Tensor residual) {
        return downProjection.apply(gated, residual);
    }

    @Override
    public List<ModelOperation> operations() {
        return List.of(
                operation(ModelOperation.QKV, projections),
                ModelOperation.of(ModelOperation.ATTENTION),
                operation(ModelOperation.ATTENTION_OUT, outProjection),
                operation(ModelOperation.GATE_UP, gateUp),
                operation(ModelOperation.DOWN, downProjection));
    }

    static ModelOperation operation(String name, QuantizedMatmul product) {
        return new ModelOperation(
                name,
                product.weights().stream()
                        .map(w -> new ModelOperation.Matrix(
                                w.form().cols(), w.form().rows(), w.nbytes()))
                        .toList());
    }

    @Override
    public long nbytes() {
        return List.of(projections, outProjection, gateUp, downProjection).stream()
                        .flatMap(m -> m.weights().stream())
                        .mapToLong(PackedWeight::nbytes)
                        .sum()
                + norms.nbytes();
    }
}
