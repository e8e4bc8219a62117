package tinyllm.cache;

/**
 * Who has which page, by counts alone: for every page the number of its owners, and which have none (chapter 3.1). It knows no memory.
 * For one thread at a time.
 */
public final class PagePool {
    private final int pages;
    private final int pageTokens;
    private final SharedPages owners;

    /**
     * @param pages how many there are, 1 or more
     * @param pageTokens tokens of each, 1 or more
     */
    public PagePool(int pages, int pageTokens) {
        this(pages, pageTokens, new ListedPages());
    }

    /** @param owners counts the owners; it begins anew */
    public PagePool(int pages, int pageTokens, SharedPages owners) {
        if (pages < 1 || pageTokens < 1) {
            throw new IllegalArgumentException(
                    "a pool of " + pages + " pages of " + pageTokens + " tokens holds nothing; both are 1 or more");
        }
        this.pages = pages;
        this.pageTokens = pageTokens;
        this.owners = owners;
        owners.begin(pages);
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
        if (count > free()) {
            throw new PagesException(count, free(), pages);
        }
        int[] taken = new int[count];
        for (int i = 0; i < count; i++) {
            taken[i] = owners.take();
        }
        return taken;
    }

    /** Adds an owner to a page that has one. */
    public void retain(int page) {
        owners.share(page);
    }

    /**
     * Takes an owner away; without one the page is free.
     *
     * @return true when the page became free
     * @throws IllegalStateException when it is free already
     */
    public boolean release(int page) {
        owners.release(page);
        return owners.owners(page) == 0;
    }

    /** How many owners a page has; 0 when it is free. */
    public int references(int page) {
        return owners.owners(page);
    }

    /** Pages that nobody has. */
    public int free() {
        return owners.free();
    }

    /** Pages that somebody has; a shared one counts once. */
    public int used() {
        return pages - free();
    }

    /** All pages. */
    public int size() {
        return pages;
    }

    public int pageTokens() {
        return pageTokens;
    }

    /** Tokens that all pages hold together. */
    public long tokens() {
        return (long) pages * pageTokens;
    }

    /** Pages that a sequence of so many tokens needs. */
    public int pagesFor(int tokens) {
        return Math.ceilDiv(tokens, pageTokens);
    }

    /**
     * Makes sure that every page is either free or has owners.
     *
     * @throws IllegalStateException that says how many pages are lost or free twice
     */
    public void check() {
        int without = 0;
        for (int page = 0; page < pages; page++) {
            int count = references(page);
            if (count < 0) {
                throw new IllegalStateException("page " + page + " has " + count + " owners");
            }
            without += count == 0 ? 1 : 0;
        }
        if (without != free()) {
            throw new IllegalStateException(
                    without + " of " + pages + " pages have no owner, and " + free() + " count as free");
        }
    }
}
