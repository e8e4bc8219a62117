package tinyllm.engine;

import tinyllm.course.ReferenceUse;

/** Gives each prompt as much as it lacks, until the budget is used up. */
public final class FirstPromptFirst implements ChunkFn {

    @Override
    public int[] chunks(int[] missing, int decodeRows, int stepTokens, int chunkTokens) {
        ReferenceUse.note("2.7 chunks");
        int left = stepTokens - decodeRows;
        if (decodeRows > 0) {
            left = Math.min(left, chunkTokens);
        }
        int[] tokens = new int[missing.length];
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = Math.min(missing[i], left);
            left -= tokens[i];
        }
        return tokens;
    }
}
