package tinyllm.lab;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.IntStream;
import tinyllm.lab.view.Live;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;

/** What one more token costs after texts of growing length, when nothing is cached (chapter 1.6). */
public final class TimePerToken {

    private static final int REPEATS = 3;

    private TimePerToken() {}

    /**
     * @param lengths how many tokens stand before the one that is timed; at least two, rising
     * @return medians of three runs each, and the exponent of a power fitted to them
     */
    public static Picture of(CausalLm model, int... lengths) {
        if (lengths.length < 2) {
            throw new IllegalArgumentException("give at least two lengths, so that there is a line to draw");
        }
        double[] seconds = new double[lengths.length];
        try (Live live = new Live()) {
            for (int i = 0; i < lengths.length; i++) {
                live.progress("timing a text of " + lengths[i] + " tokens", i, lengths.length);
                seconds[i] = secondsAfter(model, text(model, lengths[i]));
            }
            live.progress("timed", lengths.length, lengths.length);
        }
        double[] x = Arrays.stream(lengths).asDoubleStream().toArray();
        double exponent = Timing.exponent(x, seconds);
        double[] times = Arrays.stream(seconds).map(s -> s / seconds[0]).toArray();
        String title = String.format(
                Locale.ROOT,
                "After %d tokens the next one takes %.1f times as long as after %d (n to the %.2f)",
                lengths[lengths.length - 1],
                times[times.length - 1],
                lengths[0],
                exponent);
        String unit = String.format(Locale.ROOT, "times %.2f s, the time after %d tokens", seconds[0], lengths[0]);
        return Charts.plot(title, "tokens before it", unit)
                .series("measured, nothing cached", x, times)
                .guess("1.6 slower")
                .picture();
    }

    /** Any ids will do: the time depends on how many there are. */
    private static int[] text(CausalLm model, int length) {
        return IntStream.range(0, length)
                .map(i -> i % Math.min(1000, model.config().vocabSize()))
                .toArray();
    }

    private static double secondsAfter(CausalLm model, int[] text) {
        return Timing.medianMs(REPEATS, () -> model.lastLogits(text)) / 1e3;
    }
}
