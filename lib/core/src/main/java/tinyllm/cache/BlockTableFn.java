package tinyllm.cache;

/**
 * Where a sequence's tokens lie (chapter 3.1). Memory is P pages of T tokens, a row for each token: page p has the rows p · T to
 * p · T + T − 1. A sequence's block table lists its pages: the first T tokens lie in {@code table[0]}, the next in {@code table[1]}.
 */
public interface BlockTableFn {

    /**
     * How many pages a sequence lacks.
     *
     * @param held pages that it has
     * @param tokens that are to have room, in all
     * @param pageTokens T, 1 or more
     * @return 0 or more
     */
    int missing(int held, int tokens, int pageTokens);

    /**
     * The rows of memory of the tokens from, from + 1, … of a sequence.
     *
     * @param table its pages, with room for from + count tokens
     * @return count rows
     */
    int[] rows(int[] table, int from, int count, int pageTokens);
}
