package tinyllm.arrays;

/**
 * The mean of values by the softmax of their scores, of which no more than one block is ever there (chapter 2.4). One object serves one
 * query at a time.
 */
public interface OnlineMeanFn {

    /** Begins anew, for values of D numbers; whatever was added is forgotten. */
    void begin(int dim);

    /**
     * The next block of n keys. The arrays are the caller's, who goes on using them.
     *
     * @param scores {@code [n]}; minus infinity where a key is masked
     * @param values {@code [n, D]}, row-major
     */
    void add(float[] scores, float[] values);

    /** The mean over all blocks so far, {@code [D]}; zeros while every key was masked. */
    float[] mean();
}
