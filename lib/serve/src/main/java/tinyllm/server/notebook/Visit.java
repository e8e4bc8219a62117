package tinyllm.server.notebook;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * A request as its client saw it.
 *
 * @param tokenSeconds when pieces of text came, in seconds after the request was sent
 * @param text all of it
 * @param finishReason as the server said; empty when the client left, or nothing was said
 * @param left whether the client left before the end
 */
public record Visit(List<Double> tokenSeconds, String text, String finishReason, boolean left) {

    public Visit {
        tokenSeconds = List.copyOf(tokenSeconds);
    }

    /** Seconds to the first piece of text; NaN when there was none. */
    public double firstToken() {
        return tokenSeconds.isEmpty() ? Double.NaN : tokenSeconds.getFirst();
    }

    /** Seconds between two pieces. */
    public double[] gaps() {
        double[] gaps = new double[Math.max(0, tokenSeconds.size() - 1)];
        Arrays.setAll(gaps, i -> tokenSeconds.get(i + 1) - tokenSeconds.get(i));
        return gaps;
    }

    String summary() {
        return String.format(
                Locale.ROOT,
                "%d pieces over HTTP; the first after %.2f s, the last after %.2f s (%s)",
                tokenSeconds.size(),
                firstToken(),
                tokenSeconds.isEmpty() ? Double.NaN : tokenSeconds.getLast(),
                left ? "left" : finishReason);
    }
}
