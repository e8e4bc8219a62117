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
     * Tokens per second when the text already has 8, 16, 32, 64 tokens; one run each, after one that does not count. The dashed
     * ceiling is the memory's speed over the bytes of weights: each weight must be read once for a token.
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
            long start = System.nanoTime();
            model.lastLogits(text(LENGTHS[i])).eval();
            perSecond[i] = 1e9 / (System.nanoTime() - start);
        }
        double ceiling = Ceilings.memoryGbs() * 1e9 / model.weightBytes();
        String title = String.format(
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

    /** Which ids they are makes no difference to the time. */
    private static int[] text(int length) {
        int[] tokens = new int[length];
        Arrays.setAll(tokens, i -> 100 + i);
        return tokens;
    }
}
