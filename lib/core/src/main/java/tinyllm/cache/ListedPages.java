package tinyllm.cache;

import java.util.Objects;

/** A number of owners for each page, and a list of those without. */
public final class ListedPages implements SharedPages {
    private final PageList list;
    private int[] owners = {};

    public ListedPages() {
        this(new FreeList());
    }

    /** @param list keeps the free pages: a learner's, for instance (chapter 3.1) */
    public ListedPages(PageList list) {
        this.list = list;
    }

    @Override
    public void begin(int count) {
        owners = new int[count];
        list.begin(count);
    }

    @Override
    public int take() {
        int page = list.take(1)[0];
        if (owners[page] != 0) {
            throw new IllegalStateException(
                    "the list of free pages gave page " + page + ", which has " + owners[page] + " owners");
        }
        owners[page] = 1;
        return page;
    }

    @Override
    public void share(int page) {
        owners[owned(page)]++;
    }

    @Override
    public int write(int page) {
        if (owners[owned(page)] == 1) {
            return page;
        }
        int copy = take();
        owners[page]--;
        return copy;
    }

    @Override
    public void release(int page) {
        if (--owners[owned(page)] == 0) {
            list.give(new int[] {page});
        }
    }

    private int owned(int page) {
        if (owners(page) == 0) {
            throw new IllegalStateException("page " + page + " is free: it has no owner");
        }
        return page;
    }

    @Override
    public int owners(int page) {
        return owners[Objects.checkIndex(page, owners.length)];
    }

    @Override
    public int free() {
        return list.free();
    }
}
