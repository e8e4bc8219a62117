package tinyllm.engine;

import java.util.Map;

/**
 * Counts since the engine began, and times of the last few thousand tokens.
 *
 * @param waiting requests in the queue
 * @param running requests in the batch
 * @param submitted requests that were taken
 * @param refused requests that were not
 * @param ended requests by how they ended
 * @param steps model calls
 * @param promptTokens of requests that were admitted; those of a preempted one count once
 * @param prefixTokens of these, found in the prefix cache
 * @param computedTokens that passed through the model
 * @param generatedTokens that were chosen
 * @param preemptions requests that were taken out to make room
 * @param tokensPerSecond chosen tokens over the last seconds in which there was work; NaN before the second token
 * @param firstToken seconds from submission to the first token
 * @param interToken seconds between two tokens of one request
 */
public record EngineMetrics(
        int waiting,
        int running,
        long submitted,
        long refused,
        Map<FinishReason, Long> ended,
        long steps,
        long promptTokens,
        long prefixTokens,
        long computedTokens,
        long generatedTokens,
        long preemptions,
        double tokensPerSecond,
        Quantiles firstToken,
        Quantiles interToken) {

    public EngineMetrics {
        ended = Map.copyOf(ended);
    }

    /** Seconds, of the last samples; NaN where there is none. */
    public record Quantiles(long count, double p50, double p95, double p99, double max) {

        /**
         * The value that a share of all does not exceed, by nearest rank: one that was measured.
         *
         * @param sorted rising
         * @param share 0 … 1
         * @return NaN when there is no value
         */
        public static double nearestRank(double[] sorted, double share) {
            return sorted.length == 0 ? Double.NaN : sorted[Math.max(0, (int) Math.ceil(share * sorted.length) - 1)];
        }
    }

    /** How much of the prompts the prefix cache knew, between 0 and 1. */
    public double prefixHitRate() {
        return promptTokens == 0 ? 0 : (double) prefixTokens / promptTokens;
    }
}
