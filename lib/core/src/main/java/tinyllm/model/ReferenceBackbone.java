package tinyllm.model;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tinyllm.cache.KvCache;
import tinyllm.cache.PageBudget;
import tinyllm.cache.PagedKvMemory;
import tinyllm.kernel.KernelSet;
import tinyllm.nn.CachedDecoder;
import tinyllm.nn.DecoderWeights;
import tinyllm.nn.Parts;
import tinyllm.profile.OperationTimer;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/**
 * Dequantized float32 and the parts of chapter 1.
 *
 * @param obstacle why the kernels that were asked for could not take the model; null when these were asked for
 * @param timer around every operation, or null
 */
record ReferenceBackbone(
        ModelConfig config,
        DecoderWeights weights,
        @Nullable String obstacle,
        @Nullable OperationTimer timer) implements Backbone {

    ReferenceBackbone(ModelConfig config, DecoderWeights weights, @Nullable String obstacle) {
        this(config, weights, obstacle, null);
    }

    @Override
    public KernelSet kernels() {
        return KernelSet.REFERENCE;
    }

    @Override
    public Map<String, String> variants() {
        return Map.of(
                "matmul", obstacle == null ? "float32" : "float32, since " + obstacle, "attention", "array operations");
    }

    @Override
    public long weightBytes() {
        return WeightBytes.of(weights);
    }

    @Override
    public boolean remembers() {
        return obstacle != null;
    }

    @Override
    public KvCache newCache(int maxTokens) {
        return Caches.of(config, maxTokens, DType.F32);
    }

    @Override
    public PagedKvMemory newPages(PageBudget budget) {
        List<Tensor> keyBiases = weights.layers().stream()
                .map(layer -> layer.attention().kProj().bias())
                .filter(Objects::nonNull)
                .toList();
        return Caches.pages(config, budget, DType.F32, keyBiases);
    }

    /** One sequence after another: replaced parts know nothing of batches. */
    @Override
    public Tensor hidden(List<Chunk> chunks, Parts parts) {
        Parts used = timer == null ? parts : new ReferenceTiming(timer).around(parts);
        Tensor[] hidden = chunks.stream()
                .map(chunk -> new CachedDecoder().hidden(chunk.tokens(), weights, used, chunk.cache()))
                .toArray(Tensor[]::new);
        return hidden.length == 1 ? hidden[0] : Tensor.concat(1, hidden);
    }

    @Override
    public Tensor head(Tensor hidden, Parts parts) {
        return timer == null
                ? parts.decoder().head(hidden, weights, parts)
                : timer.time(ModelOperation.OUTPUT, -1, () -> parts.decoder().head(hidden, weights, parts), hidden);
    }

    @Override
    public Backbone timed(OperationTimer watch) {
        return new ReferenceBackbone(config, weights, obstacle, watch);
    }

    @Override
    public List<ModelOperation> operations() {
        return ReferenceTiming.operations(weights);
    }
}
