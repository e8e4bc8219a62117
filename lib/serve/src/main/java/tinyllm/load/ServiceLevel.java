package tinyllm.load;

/**
 * What a user still calls good.
 *
 * @param firstToken seconds to the first token at most
 * @param perToken seconds for each token after it at most, on average over an answer
 */
public record ServiceLevel(double firstToken, double perToken) {

    public ServiceLevel {
        if (!(firstToken > 0) || !(perToken > 0)) {
            throw new IllegalArgumentException("a service level needs times above 0 s, not " + firstToken
                    + " to the first token and " + perToken + " for each after it");
        }
    }

    /** Whether a whole answer came in this time. */
    public boolean holds(Sample sample) {
        return sample.ok() && !(sample.toFirstToken() > firstToken) && !(sample.perToken() > perToken);
    }
}
