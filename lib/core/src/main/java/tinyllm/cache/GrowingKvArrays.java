package tinyllm.cache;

import java.util.Arrays;
import tinyllm.course.ReferenceUse;

/** Arrays that double when they are full, so that a text of n tokens copies fewer than 2n rows in all. */
public final class GrowingKvArrays implements KvArrays {
    private static final int FIRST = 64;

    private int width;
    private int[] lengths = {};
    private float[][] keys = {};
    private float[][] values = {};

    @Override
    public void begin(int layers, int width) {
        ReferenceUse.note("2.1 cache");
        if (layers < 1 || width < 1) {
            throw new IllegalArgumentException(
                    "a cache of " + layers + " layers and rows of " + width + " numbers holds nothing");
        }
        this.width = width;
        lengths = new int[layers];
        keys = new float[layers][FIRST * width];
        values = new float[layers][FIRST * width];
    }

    @Override
    public void append(int layer, float[] newKeys, float[] newValues) {
        int from = lengths[layer] * width;
        keys[layer] = withRoom(keys[layer], from + newKeys.length);
        values[layer] = withRoom(values[layer], from + newValues.length);
        System.arraycopy(newKeys, 0, keys[layer], from, newKeys.length);
        System.arraycopy(newValues, 0, values[layer], from, newValues.length);
        lengths[layer] += newKeys.length / width;
    }

    private static float[] withRoom(float[] memory, int needed) {
        return needed <= memory.length ? memory : Arrays.copyOf(memory, Math.max(needed, 2 * memory.length));
    }

    @Override
    public int length() {
        return Arrays.stream(lengths).min().orElse(0);
    }

    @Override
    public void rewind(int tokens) {
        int length = length();
        Room.checkRewind(tokens, length);
        Arrays.fill(lengths, length - tokens);
    }

    @Override
    public float[] keys(int layer) {
        return keys[layer];
    }

    @Override
    public float[] values(int layer) {
        return values[layer];
    }
}
