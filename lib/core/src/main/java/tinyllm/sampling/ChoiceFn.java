package tinyllm.sampling;

import java.util.SortedMap;

/** One token out of a distribution, by one random number (chapter 0.2). */
@FunctionalInterface
public interface ChoiceFn {

    /**
     * The tokens, in rising order, share the numbers from 0 to 1 among them, each as much as its probability; the one whose share
     * holds u is chosen.
     *
     * @param probabilities at least one; they sum to 1, up to rounding, and some may be 0
     * @param u in 0 … 1, 1 excluded
     * @return a token whose probability is above 0
     */
    int choose(SortedMap<Integer, Double> probabilities, double u);
}
