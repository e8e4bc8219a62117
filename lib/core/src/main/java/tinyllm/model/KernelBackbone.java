package tinyllm.model;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import tinyllm.cache.KvCache;
import tinyllm.cache.PageBudget;
import tinyllm.cache.PagedKvMemory;
import tinyllm.kernel.KernelSet;
import tinyllm.nn.Parts;
import tinyllm.profile.OperationTimer;
import tinyllm.tensor.DType;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;

/**
 * Quantized weights and fused operations, ours or MLX's.
 *
 * @param keyBiases of each layer's key projection; empty when there are none
 */
record KernelBackbone(
        ModelConfig config,
        KernelSet kernels,
        Table table,
        List<LayerKernels> layers,
        Output output,
        ModelOperation outputOperation,
        Map<String, String> variants,
        long weightBytes,
        DType cacheType,
        List<Tensor> keyBiases)
        implements Backbone {

    /** From this length on a layer is computed before the next begins, so that an interrupt is noticed between layers. */
    private static final int LONG_STEP = 16;

    /** The embedding: ids to {@code [L, E]}. */
    @FunctionalInterface
    interface Table {
        Tensor embed(int[] tokens);
    }

    /** Final norm and output layer: {@code [1, L, E]} to {@code [1, L, V]}. */
    @FunctionalInterface
    interface Output {
        Tensor logits(Tensor hidden);
    }

    KernelBackbone {
        layers = List.copyOf(layers);
        variants = Map.copyOf(variants);
        keyBiases = List.copyOf(keyBiases);
    }

    /** The same weights with these features alone. */
    KernelBackbone limitedTo(Set<LayerFeature> features) {
        List<LayerKernels> fewer = new ArrayList<>();
        for (LayerKernels layer : layers) {
            if (!(layer instanceof OwnLayer own)) {
                throw new IllegalStateException("only layers on this lab's own kernels can do without some of them");
            }
            fewer.add(StagedLayer.of(own, features));
        }
        Map<String, String> changed = new HashMap<>(variants);
        if (!features.contains(LayerFeature.SMALL_KERNELS)) {
            changed.put("rows", "array operations");
        }
        if (!features.contains(LayerFeature.FLASH_ATTENTION)) {
            changed.put("attention", "array operations");
        }
        return new KernelBackbone(
                config, kernels, table, fewer, output, outputOperation, changed, weightBytes, cacheType, keyBiases);
    }

    @Override
    public boolean remembers() {
        return true;
    }

    @Override
    public KvCache newCache(int maxTokens) {
        return Caches.of(config, maxTokens, cacheType);
    }

    @Override
    public PagedKvMemory newPages(PageBudget budget) {
        return Caches.pages(config, budget, cacheType, keyBiases);
    }

    @Override
    public Tensor hidden(List<Chunk> chunks, Parts parts) {
        StepCaches caches = StepCaches.of(chunks);
        int rows = caches.rows();
        Tensor x = table.embed(StepCaches.ids(chunks)).reshape(1, rows, config.hiddenSize());
        for (int i = 0; i < layers.size(); i++) {
            if (Thread.currentThread().isInterrupted()) {
                throw new CancellationException("interrupted before layer " + i);
            }
            LayerKernels layer = layers.get(i);
            Tensor before = x;
            x = rows < LONG_STEP ? layer.block(before, caches) : Scope.of(() -> layer.block(before, caches));
        }
        x.eval();
        chunks.forEach(chunk -> chunk.cache().advance(chunk.tokens().length));
        return x;
    }

    @Override
    public Tensor head(Tensor hidden, Parts parts) {
        return output.logits(hidden);
    }

    /** Wrapped operations take the places of the plain ones, which know nothing of it: a model that is not timed pays nothing. */
    @Override
    public Backbone timed(OperationTimer timer) {
        List<LayerKernels> watched = new ArrayList<>();
        for (int i = 0; i < layers.size(); i++) {
            watched.add(new TimedLayer(layers.get(i), i, timer));
        }
        return new KernelBackbone(
                config,
                kernels,
                tokens -> timer.time(ModelOperation.EMBEDDING, -1, () -> table.embed(tokens)),
                watched,
                hidden -> timer.time(ModelOperation.OUTPUT, -1, () -> output.logits(hidden), hidden),
                outputOperation,
                variants,
                weightBytes,
                cacheType,
                keyBiases);
    }

    @Override
    public List<ModelOperation> operations() {
        Map<String, ModelOperation> all = new LinkedHashMap<>();
        for (LayerKernels layer : layers) {
            layer.operations().forEach(o -> all.merge(o.name(), o, ModelOperation::plus));
        }
        all.put(outputOperation.name(), outputOperation);
        return List.copyOf(all.values());
    }
}
