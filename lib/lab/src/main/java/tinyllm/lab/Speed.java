package tinyllm.lab;

import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;

/** How many tokens a second a model writes without a cache, and what memory would allow (chapters 0 and 1.6). */
public final class Speed {

    private static final int[] LENGTHS = {8, 16, 32, 64};

    private Speed() {}

    /**
     * Tokens per second when the text already has 8, 16, 32, 64 tokens; the better of two runs each, after one that does not
     * count. The dashed ceiling is the memory's speed over the bytes of weights that a token needs.
     *
     * @param guess the name of a prediction in tokens/s to draw, if there is one
     */
    public static Picture of(CausalLm model, String guess) {
        double[] perSecond = new double[LENGTHS.length];
        model.lastLogits(text(LENGTHS[0])).eval();
        for (int i = 0; i < LENGTHS.length; i++) {
            if (Thread.currentThread().isInterrupted()) {
                throw new CancellationException("the measurement was interrupted");
            }
            perSecond[i] = Math.max(once(model, LENGTHS[i]), once(model, LENGTHS[i]));
        }
        double ceiling = Ceilings.memoryGbs() * 1e9 / Ceilings.bytesPerToken(model);
        boolean disturbed = Arrays.stream(perSecond).max().orElseThrow() > ceiling;
        String title = disturbed
                ? "Faster than memory allows: other programs disturbed the ceiling, run this again"
                : String.format(
                        Locale.ROOT,
                        "%s writes %.1f tokens/s after %d tokens, %.1f after %d",
                        model.name(),
                        perSecond[0],
                        LENGTHS[0],
                        perSecond[LENGTHS.length - 1],
                        LENGTHS[LENGTHS.length - 1]);
        double[] x = Arrays.stream(LENGTHS).asDoubleStream().toArray();
        return Charts.plot(title, "tokens of text so far", "tokens/s")
                .series("this machine", x, perSecond)
                .level(String.format(Locale.ROOT, "ceiling by memory: %.1f", ceiling), ceiling)
                .guess(guess)
                .picture();
    }

    private static double once(CausalLm model, int length) {
        long start = System.nanoTime();
        model.lastLogits(text(length)).eval();
        return 1e9 / (System.nanoTime() - start);
    }

    /** Which ids they are makes no difference to the time. */
    private static int[] text(int length) {
        int[] tokens = new int[length];
        Arrays.setAll(tokens, i -> 100 + i);
        return tokens;
    }
}
