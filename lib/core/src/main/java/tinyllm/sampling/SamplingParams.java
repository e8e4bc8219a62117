package tinyllm.sampling;

/**
 * How a token is chosen. The filters apply in this order: repetition penalty, temperature, top-k, top-p, min-p.
 *
 * @param temperature 0 is greedy
 * @param topK keep the k most likely tokens; 0 keeps all
 * @param topP keep a token while the mass before it is below p, on the distribution after the temperature; 1 keeps all
 * @param minP keep tokens with at least this share of the most likely token's probability; 0 keeps all
 * @param repetitionPenalty divides positive and multiplies negative logits of tokens already seen; 1 changes nothing
 * @param seed equal seeds give equal tokens
 */
public record SamplingParams(
        double temperature, int topK, double topP, double minP, double repetitionPenalty, long seed) {

    /** Always the most likely token. */
    public static final SamplingParams GREEDY = new SamplingParams(0, 0, 1, 0, 1, 0);

    public SamplingParams {
        check("temperature", temperature, 0, 2, "in 0…2 (0 is greedy)");
        if (topK < 0) {
            throw new IllegalArgumentException("top_k must be 0 (off) or more, but is " + topK);
        }
        if (!(topP > 0)) {
            throw new IllegalArgumentException("top_p must be in (0, 1], but is " + topP);
        }
        check("top_p", topP, 0, 1, "in (0, 1]");
        check("min_p", minP, 0, 1, "in 0…1");
        check("repetition_penalty", repetitionPenalty, 0.01, 10, "in 0.01…10");
    }

    /** The same without a repetition penalty. */
    public SamplingParams withoutRepetitionPenalty() {
        return new SamplingParams(temperature, topK, topP, minP, 1, seed);
    }

    private static void check(String name, double value, double low, double high, String range) {
        if (!(value >= low && value <= high)) {
            throw new IllegalArgumentException(name + " must be " + range + ", but is " + value);
        }
    }
}
