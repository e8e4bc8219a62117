package tinyllm.cli;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * The distribution after one token.
 *
 * @param token the given token that follows; null after the last one
 * @param logprob its natural-log probability; null after the last one
 * @param top the most likely tokens, by falling log-probability, then rising id
 */
record LogProbs(@Nullable Integer token, @Nullable Double logprob, List<Candidate> top) {

    record Candidate(int id, double logprob) {}

    private static final Comparator<Candidate> BEST_FIRST =
            Comparator.comparingDouble(Candidate::logprob).reversed().thenComparingInt(Candidate::id);

    /**
     * @param logits one value for each id of the vocabulary
     * @param position for the message when the logits are not finite
     */
    static LogProbs of(float[] logits, @Nullable Integer next, int top, int position) {
        double norm = logSumExp(logits);
        if (!Double.isFinite(norm)) {
            throw CommandException.failed("the logits after position " + position
                    + " are not finite: check the weights with ./lab doctor --scan");
        }
        Double logprob = next == null ? null : logits[next] - norm;
        return new LogProbs(next, logprob, best(logits, norm, top));
    }

    private static double logSumExp(float[] logits) {
        double max = Double.NEGATIVE_INFINITY;
        for (float x : logits) {
            max = Math.max(max, x);
        }
        double sum = 0;
        for (float x : logits) {
            sum += Math.exp(x - max);
        }
        return max + Math.log(sum);
    }

    private static List<Candidate> best(float[] logits, double norm, int top) {
        PriorityQueue<Candidate> kept = new PriorityQueue<>(BEST_FIRST.reversed());
        for (int id = 0; id < logits.length && top > 0; id++) {
            Candidate candidate = new Candidate(id, logits[id] - norm);
            if (kept.size() < top) {
                kept.add(candidate);
            } else if (BEST_FIRST.compare(candidate, kept.element()) < 0) {
                kept.remove();
                kept.add(candidate);
            }
        }
        List<Candidate> sorted = new ArrayList<>(kept);
        sorted.sort(BEST_FIRST);
        return sorted;
    }
}
