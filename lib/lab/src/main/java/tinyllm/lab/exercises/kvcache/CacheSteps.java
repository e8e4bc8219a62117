package tinyllm.lab.exercises.kvcache;

import java.util.Arrays;
import tinyllm.cache.KvArrays;

/** A right cache in steps, of which each mistake of {@link CacheExercise} replaces one. */
class CacheSteps implements KvArrays {
    int[] lengths = {};
    private int width;
    private float[][] keys = {};
    private float[][] values = {};

    /** Tokens that there is room for at the start. */
    int first() {
        return 16;
    }

    int[] empty(int layers) {
        return new int[layers];
    }

    int place(int layer) {
        return lengths[layer] * width;
    }

    int memory(int layer) {
        return layer;
    }

    int tokens(float[] newKeys) {
        return newKeys.length / width;
    }

    float[] room(float[] memory, int needed) {
        return needed <= memory.length ? memory : Arrays.copyOf(memory, Math.max(needed, 2 * memory.length));
    }

    float[] put(float[] memory, int from, float[] rows) {
        float[] longer = room(memory, from + rows.length);
        System.arraycopy(rows, 0, longer, from, rows.length);
        return longer;
    }

    void refuse(int tokens) {
        if (tokens < 0 || tokens > length()) {
            throw new IllegalArgumentException("can't forget " + tokens + " of " + length() + " tokens");
        }
    }

    void forget(int tokens) {
        Arrays.fill(lengths, length() - tokens);
    }

    @Override
    public void begin(int layers, int width) {
        this.width = width;
        lengths = empty(layers);
        keys = new float[layers][first() * width];
        values = new float[layers][first() * width];
    }

    @Override
    public void append(int layer, float[] newKeys, float[] newValues) {
        int own = memory(layer);
        keys[own] = put(keys[own], place(layer), newKeys);
        values[own] = put(values[own], place(layer), newValues);
        lengths[layer] += tokens(newKeys);
    }

    @Override
    public int length() {
        return Arrays.stream(lengths).min().orElse(0);
    }

    @Override
    public void rewind(int tokens) {
        refuse(tokens);
        forget(tokens);
    }

    @Override
    public float[] keys(int layer) {
        return keys[memory(layer)];
    }

    @Override
    public float[] values(int layer) {
        return values[memory(layer)];
    }
}
