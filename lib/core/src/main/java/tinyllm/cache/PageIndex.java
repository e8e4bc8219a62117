package tinyllm.cache;

import java.util.function.IntPredicate;

/**
 * Which full pages are known for which text, by numbers alone: what a {@link PrefixCache} finds its pages by (chapter 4.2). For one
 * thread at a time.
 */
public interface PageIndex {

    /** Pages known. */
    int size();

    /**
     * The pages of the longest beginning of a text that is known, and marks them as used.
     *
     * @param salt texts of other salts are never found
     * @param maxTokens no page that ends behind so many tokens is taken
     */
    int[] find(String salt, int[] tokens, int maxTokens);

    /** Tokens that {@link #find} would find, in whole pages; nothing is marked. */
    int known(String salt, int[] tokens, int maxTokens);

    /**
     * Makes the full pages of a text known; those that are known already stay as they are.
     *
     * @param pages page i holds the tokens from i · page tokens on; full pages alone are read
     * @return the index's pages for this text's beginning, which differ from the given ones where it knew others
     */
    PrefixIndex.Inserted insert(String salt, int[] tokens, int[] pages);

    /**
     * Forgets up to count pages that nothing known builds on.
     *
     * @param free tells the pages that may go
     * @return the pages, fewer than count when no more may go
     */
    int[] evict(int count, IntPredicate free);
}
