package tinyllm.cache;

import java.util.BitSet;

/** Free pages on a stack: what was given back last goes first, while it may still be in a cache of the processor. */
final class FreeList implements PageList {
    private int[] stack = {};
    private final BitSet listed = new BitSet();
    private int free;

    @Override
    public void begin(int pages) {
        stack = new int[pages];
        for (int i = 0; i < pages; i++) {
            stack[i] = pages - 1 - i; // page 0 goes first
        }
        free = pages;
        listed.clear();
        listed.set(0, pages);
    }

    @Override
    public int[] take(int count) {
        if (count > free) {
            throw new PagesException(count, free, stack.length);
        }
        int[] taken = new int[count];
        for (int i = 0; i < count; i++) {
            taken[i] = stack[--free];
            listed.clear(taken[i]);
        }
        return taken;
    }

    @Override
    public void give(int[] pages) {
        for (int page : pages) {
            if (listed.get(page)) {
                throw new IllegalStateException("page " + page + " is on the free list already");
            }
            listed.set(page);
            stack[free++] = page;
        }
    }

    @Override
    public int free() {
        return free;
    }
}
