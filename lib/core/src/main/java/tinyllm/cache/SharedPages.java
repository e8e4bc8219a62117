package tinyllm.cache;

/** Exercise of chapter 4.2: pages that may have several owners, by counts alone. */
public interface SharedPages {

    /** Begins anew with pages 0 … count − 1, all free. */
    void begin(int count);

    /**
     * A page that was free, and has one owner now.
     *
     * @throws IllegalStateException when none is free
     */
    int take();

    /**
     * One owner more.
     *
     * @throws IllegalStateException when the page is free
     */
    void share(int page);

    /**
     * The page that one of its owners may write to: this one when nobody else has it. Otherwise a page that was free, to which the
     * caller copies what is on this one; this one has an owner less then.
     *
     * @throws IllegalStateException when the page is free, or no page is free for the copy; nothing has changed then
     */
    int write(int page);

    /**
     * One owner less. A page without owners is free.
     *
     * @throws IllegalStateException when the page is free
     */
    void release(int page);

    /** How many owners a page has; 0 when it is free. */
    int owners(int page);

    /** Pages without owners. */
    int free();
}
