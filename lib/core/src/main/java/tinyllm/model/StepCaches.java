package tinyllm.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tinyllm.cache.KvCache;
import tinyllm.cache.PagedKvCache;
import tinyllm.kernel.BlockTables;
import tinyllm.tensor.Tensor;

/** The caches of a step whose room is reserved; its rows are the chunks' tokens, one after another. */
record StepCaches(
        List<KvCache> caches, int[] tokens, @Nullable BlockTables tables) {

    static StepCaches of(List<Chunk> chunks) {
        List<KvCache> caches = chunks.stream().map(Chunk::cache).toList();
        int[] tokens = chunks.stream().mapToInt(c -> c.tokens().length).toArray();
        return new StepCaches(caches, tokens, PagedKvCache.tables(caches, tokens));
    }

    int rows() {
        return Arrays.stream(tokens).sum();
    }

    /**
     * Does one by one what can't be done for all sequences at once.
     *
     * @param rows {@code [1, R, N]}
     * @param attend from {@code [1, L, N]} of one sequence and its cache to {@code [1, L, M]}
     * @return {@code [1, R, M]}
     */
    Tensor oneByOne(Tensor rows, BiFunction<Tensor, KvCache, Tensor> attend) {
        if (tokens.length == 1) {
            return attend.apply(rows, caches.getFirst());
        }
        List<Tensor> parts = new ArrayList<>();
        int first = 0;
        for (int i = 0; i < tokens.length; i++) {
            parts.add(attend.apply(rows.slice(1, first, first + tokens[i]), caches.get(i)));
            first += tokens[i];
        }
        return Tensor.concat(1, parts.toArray(new Tensor[0]));
    }

    /** All ids of a step. */
    static int[] ids(List<Chunk> chunks) {
        return chunks.stream().flatMapToInt(c -> IntStream.of(c.tokens())).toArray();
    }

    /** The last row of each chunk that wants logits. */
    static int[] wanted(List<Chunk> chunks) {
        int row = 0;
        IntStream.Builder rows = IntStream.builder();
        for (Chunk chunk : chunks) {
            row += chunk.tokens().length;
            if (chunk.wantsLogits()) {
                rows.add(row - 1);
            }
        }
        return rows.build().toArray();
    }
}
