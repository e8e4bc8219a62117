package tinyllm.cache;

import java.util.Objects;

/**
 * Who has which page, by counts alone: a free list, and for every page the number of its owners (chapter 3.1). It knows no memory. For
 * one thread at a time.
 */
public final class PagePool {
    private final int pageTokens;
    private final int[] references;
    private final int[] freeList;
    private int free;

    /**
     * @param pages how many there are, 1 or more
     * @param pageTokens tokens of each, 1 or more
     */
    public PagePool(int pages, int pageTokens) {
        if (pages < 1 || pageTokens < 1) {
            throw new IllegalArgumentException(
                    "a pool of " + pages + " pages of " + pageTokens + " tokens holds nothing; both are 1 or more");
        }
        this.pageTokens = pageTokens;
        this.references = new int[pages];
        this.freeList = new int[pages];
        for (int i = 0; i < pages; i++) {
            freeList[i] = pages - 1 - i; // page 0 goes first
        }
        this.free = pages;
    }

    /**
     * Takes a page, which has one owner then.
     *
     * @throws PagesException when none is free
     */
    public int take() {
        return take(1)[0];
    }

    /**
     * Takes count pages or none.
     *
     * @throws PagesException when fewer are free
     */
    public int[] take(int count) {
        if (count < 0) {
            throw new IllegalArgumentException(count + " pages can't be taken");
        }
        if (count > free) {
            throw new PagesException(count, free, size());
        }
        int[] taken = new int[count];
        for (int i = 0; i < count; i++) {
            taken[i] = freeList[--free];
            references[taken[i]] = 1;
        }
        return taken;
    }

    /** Adds an owner to a page that has one. */
    public void retain(int page) {
        references[owned(page)]++;
    }

    /**
     * Takes an owner away; without one the page is free.
     *
     * @return true when the page became free
     * @throws IllegalStateException when it is free already
     */
    public boolean release(int page) {
        if (--references[owned(page)] > 0) {
            return false;
        }
        freeList[free++] = page;
        return true;
    }

    private int owned(int page) {
        if (references(page) == 0) {
            throw new IllegalStateException("page " + page + " is free: it has no owner");
        }
        return page;
    }

    /** How many owners a page has; 0 when it is free. */
    public int references(int page) {
        return references[Objects.checkIndex(page, references.length)];
    }

    /** Pages that nobody has. */
    public int free() {
        return free;
    }

    /** Pages that somebody has; a shared one counts once. */
    public int used() {
        return references.length - free;
    }

    /** All pages. */
    public int size() {
        return references.length;
    }

    public int pageTokens() {
        return pageTokens;
    }

    /** Tokens that all pages hold together. */
    public long tokens() {
        return (long) references.length * pageTokens;
    }

    /** Pages that a sequence of so many tokens needs. */
    public int pagesFor(int tokens) {
        return Math.ceilDiv(tokens, pageTokens);
    }

    /**
     * Makes sure that every page is either free, once, or has owners.
     *
     * @throws IllegalStateException that names the first page that is lost or free twice
     */
    public void check() {
        boolean[] listed = new boolean[references.length];
        for (int i = 0; i < free; i++) {
            int page = freeList[i];
            if (listed[page]) {
                throw new IllegalStateException("page " + page + " is on the free list twice");
            }
            listed[page] = true;
        }
        for (int page = 0; page < references.length; page++) {
            if (references[page] < 0 || listed[page] == (references[page] > 0)) {
                throw new IllegalStateException("page " + page + " has " + references[page] + " owners and is "
                        + (listed[page] ? "" : "not ") + "on the free list");
            }
        }
    }
}
