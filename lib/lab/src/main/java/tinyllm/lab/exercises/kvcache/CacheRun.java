package tinyllm.lab.exercises.kvcache;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tinyllm.cache.KvArrays;
import tinyllm.lab.check.Draw;
import tinyllm.tensor.Tensor;

/** Drives a learner's cache as a model would, and keeps what can be seen of it. */
final class CacheRun {

    /** Doubling from one token takes 11 arrays for a thousand tokens, steps of 32 tokens take 32. */
    private static final int MOST_ARRAYS = 40;

    private static final int MOST_AT_FIRST = 1_024;
    private static final int MOST_SLACK = 4;

    private static final int DRAWN_AT_ONCE = 4_096;

    private final KvArrays cache;
    private final Draw draw;
    private final List<Integer> lengths = new ArrayList<>();
    private float[] drawn = {};
    private int used;
    private int layers;
    private int width;

    CacheRun(KvArrays cache, long seed, int layers, int width) {
        this.cache = cache;
        this.draw = new Draw(seed);
        begin(layers, width);
    }

    void begin(int layers, int width) {
        this.layers = layers;
        this.width = width;
        cache.begin(layers, width);
        lengths.add(cache.length());
    }

    /** Some tokens through every layer. */
    CacheRun step(int tokens) {
        for (int layer = 0; layer < layers; layer++) {
            append(layer, tokens);
        }
        return this;
    }

    /** Some tokens in one layer; the arrays are used for something else afterwards, as a caller's are. */
    void append(int layer, int tokens) {
        float[] keys = numbers(tokens * width);
        float[] values = numbers(tokens * width);
        cache.append(layer, keys, values);
        Arrays.fill(keys, 77);
        Arrays.fill(values, 88);
        lengths.add(cache.length());
    }

    /** Drawn by the thousand: a small draw costs as much as a large one. */
    private float[] numbers(int count) {
        if (drawn.length - used < count) {
            drawn = draw.normal(Math.max(DRAWN_AT_ONCE, count)).toFloats();
            used = 0;
        }
        used += count;
        return Arrays.copyOfRange(drawn, used - count, used);
    }

    CacheRun rewind(int tokens) {
        try {
            cache.rewind(tokens);
        } catch (IllegalArgumentException e) {
            cache.rewind(cache.length());
            throw e;
        }
        lengths.add(cache.length());
        return this;
    }

    /** The length after each call, and every layer's rows; then all is forgotten, so that a text is found that outlives begin. */
    Map<String, @Nullable Object> seen() {
        Map<String, @Nullable Object> seen = new LinkedHashMap<>();
        seen.put(
                "length() after each call",
                lengths.stream().mapToInt(length -> length).toArray());
        for (int layer = 0; layer < layers; layer++) {
            seen.put("keys of layer " + layer, rows(cache.keys(layer)));
            seen.put("values of layer " + layer, rows(cache.values(layer)));
        }
        if (cache.length() > 0) { // a refusal here would be taken for one of the call that is looked at
            cache.rewind(cache.length());
        }
        return seen;
    }

    /** The rows that count as a matrix; the whole array where it is too short for them. */
    private @Nullable Tensor rows(float @Nullable [] memory) {
        if (memory == null) {
            return null;
        }
        int length = cache.length();
        return length > 0 && memory.length >= length * width
                ? Tensor.of(Arrays.copyOf(memory, length * width), length, width)
                : Tensor.of(memory);
    }

    /** Many tokens, one by one: how often a new array was made, and how much is held. */
    @SuppressWarnings("ReferenceEquality") // another array, whatever is in it
    Map<String, @Nullable Object> oneByOne(int tokens) {
        int arrays = 0;
        int held = 0;
        float[] before = null;
        for (int i = 0; i < tokens; i++) {
            step(1);
            float[] now = cache.keys(0);
            if (now == null) {
                return seen();
            }
            arrays += now == before ? 0 : 1;
            held = i == 0 ? now.length / width : held;
            before = now;
        }
        Map<String, @Nullable Object> seen = seen();
        double slack = before == null ? 0 : (double) before.length / width / tokens;
        seen.put(
                "arrays made for a layer's keys",
                arrays <= MOST_ARRAYS ? "few" : arrays + " for " + tokens + " tokens");
        seen.put("room at first", held <= MOST_AT_FIRST ? "little" : held + " tokens, and one is there");
        seen.put("room at the end", slack <= MOST_SLACK ? "in proportion" : slack + " times what is needed");
        return seen;
    }
}
