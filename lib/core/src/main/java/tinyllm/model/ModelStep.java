package tinyllm.model;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import tinyllm.cache.KvCache;
import tinyllm.nn.Parts;
import tinyllm.tensor.DType;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;

/** One pass of many sequences' tokens through a model: every cache advances by its tokens, or none does. */
record ModelStep(ModelConfig config, Backbone backbone, Parts parts) {

    /** @return {@code [R, V]} in float32, a row for each chunk that wants logits */
    Tensor run(List<Chunk> chunks) {
        checkCaches(chunks);
        int[] before = chunks.stream().mapToInt(c -> c.cache().length()).toArray();
        try {
            for (Chunk chunk : chunks) {
                chunk.cache().reserve(chunk.tokens().length);
            }
            return Scope.of(() -> logits(chunks));
        } catch (RuntimeException | Error e) {
            for (int i = 0; i < before.length; i++) {
                undo(chunks.get(i).cache(), before[i], e);
            }
            throw e;
        }
    }

    private Tensor logits(List<Chunk> chunks) {
        Tensor hidden = Scope.of(() -> backbone.hidden(chunks, parts)); // [1, rows, E]
        int[] wanted = StepCaches.wanted(chunks);
        if (wanted.length == 0) {
            return Tensor.zeros(DType.F32, 0, config.vocabSize());
        }
        Tensor last = wanted.length == hidden.dim(1) ? hidden : hidden.take(wanted, 1);
        return backbone.head(last, parts)
                .reshape(wanted.length, config.vocabSize())
                .astype(DType.F32);
    }

    private static void undo(KvCache cache, int length, Throwable cause) {
        try {
            cache.rewind(Math.max(0, cache.length() - length));
        } catch (RuntimeException e) {
            cause.addSuppressed(e);
        }
    }

    private static void checkCaches(List<Chunk> chunks) {
        if (chunks.isEmpty()) {
            throw new IllegalArgumentException("a step needs at least one chunk");
        }
        Set<KvCache> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        for (int i = 0; i < chunks.size(); i++) {
            if (!seen.add(chunks.get(i).cache())) {
                throw new IllegalArgumentException(
                        "chunk " + i + " has the cache of another one: a step takes one chunk of each sequence");
            }
        }
    }
}
