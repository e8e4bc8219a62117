package tinyllm.engine;

/**
 * What a scheduler knows of a request: counts, never a token or a tensor. A snapshot of the moment before a step.
 *
 * @param id given in the order of arrival, from 0 on
 * @param promptTokens length of the prompt, 1 or more
 * @param tokens length of the text so far: the prompt and what was generated after it
 * @param computed how many of these tokens have their keys and values in the cache; 0 while the request waits, or
 *     what the prefix cache knows of it already
 * @param pages pages that the request holds
 * @param sharedPages how many of those it found in the prefix cache: others may hold them too
 * @param admission when it was first admitted, counted from 0; -1 before. It keeps its number when it is preempted
 * @param priority the higher, the earlier, where the policy looks at it
 * @param arrived seconds on the engine's clock
 */
public record Sequence(
        long id,
        int promptTokens,
        int tokens,
        int computed,
        int pages,
        int sharedPages,
        long admission,
        int priority,
        double arrived) {

    public Sequence {
        if (promptTokens < 1 || tokens < promptTokens || computed < 0 || computed > tokens) {
            throw new IllegalArgumentException("a sequence of " + tokens + " tokens, " + promptTokens
                    + " of them prompt and " + computed + " computed, can't be");
        }
        if (pages < 0 || sharedPages < 0 || sharedPages > pages) {
            throw new IllegalArgumentException("a sequence can't share " + sharedPages + " of its " + pages + " pages");
        }
    }

    /** A request that waits for the first time, with the usual priority. */
    public static Sequence waiting(long id, int promptTokens, double arrived) {
        return new Sequence(id, promptTokens, promptTokens, 0, 0, 0, -1, 0, arrived);
    }

    /** A request that runs and holds its own pages, with the usual priority. */
    public static Sequence running(long id, int promptTokens, int tokens, int computed, int pages) {
        return new Sequence(id, promptTokens, tokens, computed, pages, 0, id, 0, 0);
    }

    /** Tokens that must pass through the layers before the next one can be chosen. */
    public int missing() {
        return tokens - computed;
    }

    /** Its prompt has been read, and one token is missing: the one that was chosen last. */
    public boolean decoding() {
        return tokens > promptTokens && computed == tokens - 1;
    }

    /** Pages that would be free again if it were preempted. */
    public int ownPages() {
        return pages - sharedPages;
    }

    /** Pages that it lacks so that so many more tokens can pass. */
    public int pagesFor(int more, int pageTokens) {
        return Math.max(0, Math.ceilDiv(computed + more, pageTokens) - pages);
    }
}
