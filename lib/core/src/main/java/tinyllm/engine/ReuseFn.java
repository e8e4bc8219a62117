package tinyllm.engine;

/** How much of a cache serves another text (chapter 2.1): the second turn of a conversation begins with the first. */
@FunctionalInterface
public interface ReuseFn {

    /**
     * Counts what may stay.
     *
     * @param known the tokens whose keys and values the cache holds
     * @param text the whole text that is to be read, at least one token
     * @return how many tokens of the cache to keep, 0 … text.length − 1: the last token is always read, for its logits
     */
    int keep(int[] known, int[] text);
}
