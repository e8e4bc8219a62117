package tinyllm.lab.exercises.paged;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import tinyllm.cache.PagedKvArrays;

/** Sequences in pages in parts, each of which a wrong answer does in its own way. */
class PagedSteps implements PagedKvArrays {
    final PoolSteps pool = new PoolSteps();
    final Map<Integer, int[]> tables = new HashMap<>();
    float[][] keys = {};
    float[][] values = {};
    int pageTokens = 1;
    int width;

    @Override
    public void begin(int pages, int pageTokens, int layers, int width) {
        pool.begin(pages);
        forget();
        this.pageTokens = pageTokens;
        this.width = width;
        keys = new float[layers][pages * pageTokens * width];
        values = new float[layers][pages * pageTokens * width];
    }

    void forget() {
        tables.clear();
    }

    int owner(int sequence) {
        return sequence;
    }

    int memory(int layer) {
        return layer;
    }

    int missing(int held, int length, int tokens) {
        return Math.max(0, Math.ceilDiv(length + tokens, pageTokens) - held);
    }

    int[] take(int count) {
        return pool.take(count);
    }

    @Override
    public void reserve(int sequence, int length, int tokens) {
        int[] table = table(sequence);
        int[] taken = take(missing(table.length, length, tokens));
        tables.put(owner(sequence), joined(table, taken));
    }

    int[] joined(int[] table, int[] taken) {
        int[] grown = Arrays.copyOf(table, table.length + taken.length);
        System.arraycopy(taken, 0, grown, table.length, taken.length);
        return grown;
    }

    int row(int[] table, int token) {
        return table[token / pageTokens] * pageTokens + token % pageTokens;
    }

    int first(int length) {
        return length;
    }

    int count(float[] rows) {
        return rows.length / width;
    }

    @Override
    public void append(int sequence, int layer, int length, float[] newKeys, float[] newValues) {
        int[] table = table(sequence);
        for (int i = 0; i < count(newKeys); i++) {
            int at = row(table, first(length) + i) * width;
            System.arraycopy(newKeys, i * width, keys[memory(layer)], at, width);
            System.arraycopy(newValues, i * width, values[memory(layer)], at, width);
        }
    }

    @Override
    public float[] keys(int sequence, int layer, int tokens) {
        return read(keys[memory(layer)], table(sequence), tokens);
    }

    @Override
    public float[] values(int sequence, int layer, int tokens) {
        return read(values[memory(layer)], table(sequence), tokens);
    }

    float[] read(float[] memory, int[] table, int tokens) {
        float[] read = new float[tokens * width];
        for (int i = 0; i < tokens; i++) {
            System.arraycopy(memory, row(table, i) * width, read, i * width, width);
        }
        return read;
    }

    int kept(int tokens, int held) {
        return Math.min(held, Math.ceilDiv(tokens, pageTokens));
    }

    void give(int[] pages) {
        pool.give(pages);
    }

    @Override
    public void keep(int sequence, int tokens) {
        int[] table = table(sequence);
        int kept = kept(tokens, table.length);
        give(Arrays.copyOfRange(table, kept, table.length));
        tables.put(owner(sequence), Arrays.copyOf(table, kept));
    }

    @Override
    public int[] table(int sequence) {
        return tables.getOrDefault(owner(sequence), new int[0]).clone();
    }

    @Override
    public int free() {
        return pool.free();
    }
}
