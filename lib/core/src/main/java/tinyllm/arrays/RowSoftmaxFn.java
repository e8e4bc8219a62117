package tinyllm.arrays;

/** The softmax of one row of scores, in numbers that don't overflow. */
public interface RowSoftmaxFn {

    /**
     * exp(x) over the sum of all exp(x).
     *
     * @param scores at least one is finite; minus infinity gets probability 0
     * @return as many probabilities, which sum to 1, whatever the size of the scores
     */
    float[] softmax(float[] scores);

    /**
     * The natural logarithm of one of those probabilities; finite where the score is, even when the probability itself is too small
     * for a float.
     */
    double logProbability(float[] scores, int index);
}
