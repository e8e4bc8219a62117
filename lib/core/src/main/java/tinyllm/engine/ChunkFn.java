package tinyllm.engine;

/** How a step's budget is shared out to prompts (chapter 2.7). */
@FunctionalInterface
public interface ChunkFn {

    /**
     * The tokens of each prompt that pass in this step, the first prompt served first. Together with the decode rows they are at most
     * {@code stepTokens}; and while a request decodes, the prompts' tokens together are at most {@code chunkTokens}, so that its next
     * token does not wait for long.
     *
     * @param missing tokens that each prompt still lacks, 1 or more, in the order in which they are served
     * @param decodeRows requests that decode in this step, one token each
     * @param stepTokens tokens of a step, at least {@code decodeRows}
     * @param chunkTokens 1 or more
     * @return a number for each prompt: 0 where nothing is left for it
     */
    int[] chunks(int[] missing, int decodeRows, int stepTokens, int chunkTokens);
}
