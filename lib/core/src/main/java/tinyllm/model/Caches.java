package tinyllm.model;

import java.util.List;
import tinyllm.cache.ContiguousKvCache;
import tinyllm.cache.KvCache;
import tinyllm.cache.PageBudget;
import tinyllm.cache.PagedKvMemory;
import tinyllm.cache.TensorKvCache;
import tinyllm.kernel.KeyTurn;
import tinyllm.kernel.KvKind;
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

    /** @param keyBiases of each layer; empty when the model has none */
    static PagedKvMemory pages(ModelConfig config, PageBudget budget, DType dtype, List<Tensor> keyBiases) {
        if (Device.current() != Device.CPU) {
            throw new IllegalStateException("pages of keys and values are read by this lab's CPU kernels; start with"
                    + " -Dtinyllm.device=cpu");
        }
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
