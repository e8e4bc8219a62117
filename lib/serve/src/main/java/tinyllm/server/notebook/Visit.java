package tinyllm.server.notebook;

import java.util.Locale;
import tinyllm.load.Sample;

/**
 * A request as its client saw it.
 *
 * @param sample when it was sent, and when pieces of text came
 * @param text all of it
 * @param left whether the client left before the end
 */
public record Visit(Sample sample, String text, boolean left) {

    /**
     * @param leavesAfter pieces of text after which the client left
     * @throws IllegalStateException when the server refused, or the answer broke off
     */
    static Visit of(Sample sample, String text, int leavesAfter) {
        boolean ended = sample.finishReason() != null;
        boolean left = !ended && sample.status() == 200 && sample.events() >= leavesAfter;
        if (!ended && !left) {
            throw new IllegalStateException(
                    sample.status() == 200 || sample.status() == 0
                            ? "the answer is not whole: " + sample.problem()
                            : "the server answered " + sample.status() + ": " + sample.problem());
        }
        return new Visit(sample, text, left);
    }

    /** As the server said; empty when the client left before. */
    public String finishReason() {
        String reason = sample.finishReason();
        return reason == null ? "" : reason;
    }

    /** Seconds from its sending to the first piece of text; NaN when there was none. */
    public double firstToken() {
        return sample.first() - sample.sent();
    }

    /** Seconds between two pieces. */
    public double[] gaps() {
        return sample.gaps();
    }

    String summary() {
        return String.format(
                Locale.ROOT,
                "%d pieces over HTTP; the first after %.2f s, the last after %.2f s (%s)",
                sample.events(),
                firstToken(),
                sample.last() - sample.sent(),
                left ? "left" : finishReason());
    }
}
