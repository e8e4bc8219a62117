package tinyllm.engine;

/** What a step of a simulated model costs. */
@FunctionalInterface
public interface StepCost {

    /** @return seconds, above 0 */
    double seconds(int decodeRows, int prefillTokens);

    /**
     * A model whose weights are read once a step, at best as fast as one token is decoded, and which computes no faster than it reads a
     * prompt.
     *
     * @param prefillRate tokens of a prompt per second
     * @param decodeRate tokens per second of one request alone
     */
    static StepCost of(double prefillRate, double decodeRate) {
        if (!(prefillRate > 0 && decodeRate > 0)) {
            throw new IllegalArgumentException(
                    "rates must be above 0 tokens/s, but are " + prefillRate + " and " + decodeRate);
        }
        return (decodeRows, prefillTokens) -> Math.max(1 / decodeRate, (decodeRows + prefillTokens) / prefillRate);
    }
}
