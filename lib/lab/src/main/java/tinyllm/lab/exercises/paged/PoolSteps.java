package tinyllm.lab.exercises.paged;

import java.util.Arrays;
import java.util.stream.IntStream;
import tinyllm.cache.PageList;
import tinyllm.cache.PagesException;

/** A free list in parts, each of which a wrong answer does in its own way. */
class PoolSteps implements PageList {
    int[] list = {};
    boolean[] taken = {};
    int free;

    @Override
    public void begin(int pages) {
        list = IntStream.range(0, pages).toArray();
        taken = new boolean[pages];
        free = pages;
    }

    boolean enough(int count) {
        return count <= free;
    }

    @Override
    public int[] take(int count) {
        if (!enough(count)) {
            throw new PagesException(count, free, list.length);
        }
        int[] pages = Arrays.copyOfRange(list, free - count, free);
        free -= count;
        for (int page : pages) {
            taken[page] = true;
        }
        return pages;
    }

    @Override
    public void give(int[] pages) {
        for (int page : pages) {
            refuse(page);
            taken[page] = false;
            list[free++] = page;
        }
    }

    void refuse(int page) {
        if (!taken[page]) {
            throw new IllegalStateException("page " + page + " is free already");
        }
    }

    @Override
    public int free() {
        return free;
    }
}
