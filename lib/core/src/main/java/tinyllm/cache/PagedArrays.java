package tinyllm.cache;

import java.util.HashMap;
import java.util.Map;

/** The memory of {@link PagedKvArrays} and the block tables over it; how pages are taken, written, read and given back is left to write. */
public abstract class PagedArrays implements PagedKvArrays {
    /** Which pages are free. */
    protected final PageList pool;

    /** From a token to its row. */
    protected final BlockTableFn blocks;

    /** The block table of each sequence that has pages. */
    protected final Map<Integer, int[]> tables = new HashMap<>();

    /** For each layer {@code [P · T · W]}: row r begins at r · W. */
    protected float[][] keys = {};

    /** The same for the values. */
    protected float[][] values = {};

    protected int pageTokens = 1;

    /** W: numbers of a row. */
    protected int width = 1;

    protected PagedArrays(PageList pool, BlockTableFn blocks) {
        this.pool = pool;
        this.blocks = blocks;
    }

    @Override
    public void begin(int pages, int pageTokens, int layers, int width) {
        if (pages < 1 || pageTokens < 1 || layers < 1 || width < 1) {
            throw new IllegalArgumentException(pages + " pages of " + pageTokens + " tokens in " + layers
                    + " layers, with rows of " + width + " numbers, hold nothing");
        }
        pool.begin(pages);
        tables.clear();
        this.pageTokens = pageTokens;
        this.width = width;
        int numbers = Math.multiplyExact(Math.multiplyExact(pages, pageTokens), width);
        keys = new float[layers][numbers];
        values = new float[layers][numbers];
    }

    /** Some rows of one layer's memory, one behind the other: {@code [rows.length, W]}. */
    protected abstract float[] read(float[] memory, int[] rows);

    @Override
    public float[] keys(int sequence, int layer, int tokens) {
        return read(keys[layer], blocks.rows(table(sequence), 0, tokens, pageTokens));
    }

    @Override
    public float[] values(int sequence, int layer, int tokens) {
        return read(values[layer], blocks.rows(table(sequence), 0, tokens, pageTokens));
    }

    @Override
    public int[] table(int sequence) {
        return tables.getOrDefault(sequence, new int[0]).clone();
    }

    @Override
    public int free() {
        return pool.free();
    }
}
