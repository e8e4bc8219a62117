package tinyllm.model;

import java.util.List;
import tinyllm.cache.ContiguousKvCache;
import tinyllm.cache.KvCache;
import tinyllm.cache.PageBudget;
import tinyllm.cache.PagedKvMemory;
import tinyllm.cache.TensorKvCache;
import tinyllm.kernel.KeyTurn;
import tinyllm.kernel.KvKind;
import tinyllm.nn.GroupedQueryAttention;
import tinyllm.nn.Masks;
import tinyllm.nn.ScaledDotProductAttention;
import tinyllm.tensor.DType;
import tinyllm.tensor.Device;
import tinyllm.tensor.Tensor;

/** The cache for a model on this device: memory that our CPU kernels write in place, or tensors on a GPU. */
final class Caches {

    private Caches() {}

    static KvCache of(ModelConfig config, int maxTokens, DType dtype) {
        return Device.current() == Device.CPU
                ? new ContiguousKvCache(
                        config.numHiddenLayers(), config.numKeyValueHeads(), config.headDim(), maxTokens, dtype)
                : new TensorKvCache(config.numHiddenLayers(), maxTokens);
    }

    /** Tells a cache that asks for it who looked where, which a fused kernel never holds: the weights are computed for it. */
    static void tell(KvCache cache, int layer, Tensor queries, Tensor keys, double scale) {
        if (cache.wantsWeights()) {
            int tokens = queries.dim(2);
            Tensor mask = tokens == 1 ? null : new Masks().causal(tokens, keys.dim(2), DType.F32);
            cache.attended(
                    layer, GroupedQueryAttention.weights(new ScaledDotProductAttention(), queries, keys, mask, scale));
        }
    }

    /** @param keyBiases of each layer; empty when the model has none */
    static PagedKvMemory pages(ModelConfig config, PageBudget budget, DType dtype, List<Tensor> keyBiases) {
        return PagedKvMemory.of(
                budget,
                config.numHiddenLayers(),
                config.numKeyValueHeads(),
                config.headDim(),
                config.maxPositionEmbeddings(),
                KvKind.of(dtype),
                new KeyTurn(config.ropeTheta(), config.ropeTraditional(), keyBiases));
    }
}
