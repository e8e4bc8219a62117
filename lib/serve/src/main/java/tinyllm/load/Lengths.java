package tinyllm.load;

import java.util.Random;
import java.util.function.ToIntFunction;

/**
 * How long texts are, at random.
 *
 * @param words for the report, such as "log-uniform in 16…256"
 * @param draw one length
 */
public record Lengths(String words, ToIntFunction<Random> draw) {

    public static Lengths fixed(int tokens) {
        check(tokens, tokens);
        return new Lengths(tokens + "", random -> tokens);
    }

    /** Every length from low to high equally often. */
    public static Lengths uniform(int low, int high) {
        check(low, high);
        return new Lengths("uniform in " + low + "…" + high, random -> low + random.nextInt(high - low + 1));
    }

    /** Every doubling between low and high equally often: many short texts, a few long ones. */
    public static Lengths logUniform(int low, int high) {
        check(low, high);
        double ratio = Math.log((double) high / low);
        return new Lengths("log-uniform in " + low + "…" + high, random ->
                (int) Math.min(high, Math.round(low * Math.exp(ratio * random.nextDouble()))));
    }

    private static void check(int low, int high) {
        if (low < 1 || high < low) {
            throw new IllegalArgumentException("lengths from " + low + " to " + high + " can't be: 1 ≤ low ≤ high");
        }
    }
}
