package tinyllm.cache;

import tinyllm.course.ReferenceUse;

/** Pages of a {@link PagePool}, each with one owner. */
public final class PooledPages implements PageList {
    private PagePool pool = new PagePool(1, 1);

    @Override
    public void begin(int pages) {
        ReferenceUse.note("3.1 pool");
        pool = new PagePool(pages, 1);
    }

    @Override
    public int[] take(int count) {
        return pool.take(count);
    }

    @Override
    public void give(int[] pages) {
        for (int page : pages) {
            pool.release(page);
        }
    }

    @Override
    public int free() {
        return pool.free();
    }
}
