package tinyllm.cache;

import java.util.Arrays;
import java.util.stream.IntStream;
import tinyllm.course.ReferenceUse;

/** Takes pages from a {@link PagePool} as a sequence grows, and copies row by row. */
public final class PooledKvArrays extends PagedArrays {

    public PooledKvArrays() {
        super(new PooledPages(), new BlockTableRows());
    }

    @Override
    public void reserve(int sequence, int length, int tokens) {
        ReferenceUse.note("3.1 cache");
        int[] table = table(sequence);
        int[] more = pool.take(blocks.missing(table.length, length + tokens, pageTokens));
        tables.put(
                sequence,
                IntStream.concat(Arrays.stream(table), Arrays.stream(more)).toArray());
    }

    @Override
    public void append(int sequence, int layer, int length, float[] newKeys, float[] newValues) {
        int[] rows = blocks.rows(table(sequence), length, newKeys.length / width, pageTokens);
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(newKeys, i * width, keys[layer], rows[i] * width, width);
            System.arraycopy(newValues, i * width, values[layer], rows[i] * width, width);
        }
    }

    @Override
    protected float[] read(float[] memory, int[] rows) {
        float[] read = new float[rows.length * width];
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(memory, rows[i] * width, read, i * width, width);
        }
        return read;
    }

    @Override
    public void keep(int sequence, int tokens) {
        int[] table = table(sequence);
        int kept = Math.min(table.length, Math.ceilDiv(tokens, pageTokens));
        pool.give(Arrays.copyOfRange(table, kept, table.length));
        tables.put(sequence, Arrays.copyOf(table, kept));
    }
}
