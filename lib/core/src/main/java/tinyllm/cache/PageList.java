package tinyllm.cache;

/** Which pages of a pool are free: numbers alone, no memory (chapter 3.1). For one thread at a time. */
public interface PageList {

    /** The pages 0 … pages − 1 are free; whatever was before is forgotten. Called before all else. */
    void begin(int pages);

    /**
     * Takes count different pages, in any order, or none.
     *
     * @param count 0 or more
     * @throws PagesException when fewer are free; nothing has changed then
     */
    int[] take(int count);

    /**
     * Gives pages back, in any order: {@link #take} may hand them out again.
     *
     * @throws IllegalStateException when one of them is free already
     */
    void give(int[] pages);

    /** How many are free. */
    int free();
}
