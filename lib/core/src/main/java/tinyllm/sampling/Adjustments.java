package tinyllm.sampling;

import java.util.Map;

/**
 * What a request adds to its logits, after the repetition penalty and before the temperature.
 *
 * @param presencePenalty taken from the logit of each token that the answer holds already, −2…2
 * @param frequencyPenalty the same, times how often the answer holds it, −2…2
 * @param bias added to a token's logit, −100…100; a token at −100 does not come, one at 100 comes nearly always
 */
public record Adjustments(double presencePenalty, double frequencyPenalty, Map<Integer, Double> bias) {

    /** Tokens that a bias may name. */
    public static final int MAX_BIAS = 1024;

    /** Changes nothing. */
    public static final Adjustments NONE = new Adjustments(0, 0, Map.of());

    public Adjustments {
        check("presence_penalty", presencePenalty, 2);
        check("frequency_penalty", frequencyPenalty, 2);
        if (bias.size() > MAX_BIAS) {
            throw new IllegalArgumentException(
                    "logit_bias may name " + MAX_BIAS + " tokens at most, but names " + bias.size());
        }
        bias.forEach((id, value) -> {
            if (id < 0) {
                throw new IllegalArgumentException("logit_bias names the token " + id + "; ids count from 0");
            }
            check("logit_bias of token " + id, value, 100);
        });
        bias = Map.copyOf(bias);
    }

    private static void check(String name, double value, double most) {
        if (!(Math.abs(value) <= most)) {
            throw new IllegalArgumentException(
                    name + " must be in −" + (int) most + "…" + (int) most + ", but is " + value);
        }
    }

    public boolean isNone() {
        return presencePenalty == 0 && frequencyPenalty == 0 && bias.isEmpty();
    }

    /** Whether there is a presence or a frequency penalty. */
    public boolean hasPenalties() {
        return presencePenalty != 0 || frequencyPenalty != 0;
    }

    /** The bias alone. */
    public Adjustments withoutPenalties() {
        return new Adjustments(0, 0, bias);
    }

    /**
     * Adds them to a row.
     *
     * @param row {@code [V]}, changed in place
     * @param answer the ids of the answer so far
     * @throws IllegalArgumentException when a token of the bias is outside the row
     */
    public void addTo(float[] row, int[] answer) {
        if (hasPenalties()) {
            boolean[] seen = new boolean[row.length];
            for (int id : answer) {
                row[id] -= (float) (frequencyPenalty + (seen[id] ? 0 : presencePenalty));
                seen[id] = true;
            }
        }
        bias.forEach((id, value) -> {
            if (id >= row.length) {
                throw new IllegalArgumentException(
                        "logit_bias names the token " + id + ", which is not in 0…" + (row.length - 1));
            }
            row[id] += value.floatValue();
        });
    }
}
