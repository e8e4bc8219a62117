package tinyllm.text;

import java.util.SortedMap;

/** The smallest language model: what comes next depends on the last token alone (chapter 0.2). */
public interface BigramFn {

    /**
     * How often each token was followed by which.
     *
     * @param tokens a text
     * @return token to (next token to count); only what was seen, so no count is 0
     */
    SortedMap<Integer, SortedMap<Integer, Integer>> count(int[] tokens);

    /**
     * The probabilities of the next token.
     *
     * @param counts as {@link #count} made them
     * @return next token to probability, summing to 1; empty when nothing ever followed {@code last}
     */
    SortedMap<Integer, Double> predict(SortedMap<Integer, SortedMap<Integer, Integer>> counts, int last);
}
