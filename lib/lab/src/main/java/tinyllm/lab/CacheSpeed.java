package tinyllm.lab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import tech.tablesaw.api.Table;
import tinyllm.cache.KvArrays;
import tinyllm.cache.KvCache;
import tinyllm.lab.view.Live;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;

/** What one more token costs after texts of growing length, with a cache and without (chapter 2.1). */
public final class CacheSpeed {

    private static final int RUNS = 3;

    /**
     * One length.
     *
     * @param msWithout the whole text passes through the layers
     * @param msWith the last token alone does
     */
    public record Point(int tokens, double msWithout, double msWith, double perSecondWithout, double perSecondWith) {}

    private final List<Point> points;

    private CacheSpeed(List<Point> points) {
        this.points = List.copyOf(points);
    }

    /**
     * Medians of three runs each.
     *
     * @param cache makes the learner's cache
     * @param lengths tokens of the text, the new one among them; at least two, rising, each 2 or more
     */
    public static CacheSpeed of(CausalLm model, Supplier<? extends KvArrays> cache, int... lengths) {
        if (lengths.length < 2 || Arrays.stream(lengths).anyMatch(n -> n < 2)) {
            throw new IllegalArgumentException(
                    "give two lengths or more, each 2 or more, not " + Arrays.toString(lengths));
        }
        List<Point> points = new ArrayList<>();
        try (Live live = new Live()) {
            for (int n : lengths) {
                live.progress("timing a text of " + n + " tokens", points.size(), lengths.length);
                points.add(measure(model, cache, n));
            }
            live.progress("timed", lengths.length, lengths.length);
        }
        return new CacheSpeed(points);
    }

    private static Point measure(CausalLm model, Supplier<? extends KvArrays> cache, int n) {
        // Which ids they are makes no difference to the time.
        int[] text = IntStream.range(0, n).map(i -> 100 + i % 900).toArray();
        double without = Timing.medianMs(RUNS, () -> model.lastLogits(text).eval());
        try (KvCache memory = model.newCache(n, cache.get())) {
            model.lastLogits(Arrays.copyOf(text, n - 1), memory).eval();
            double with = Timing.medianMs(RUNS, () -> {
                model.lastLogits(new int[] {text[n - 1]}, memory).eval();
                memory.rewind(1);
            });
            return new Point(n, without, with, 1e3 / without, 1e3 / with);
        }
    }

    public List<Point> points() {
        return points;
    }

    public Table table() {
        return Tables.of(points);
    }

    /** The e in {@code time of one more token ∝ n^e}; a whole answer takes one more: {@code n^(e + 1)}. */
    public double exponentWithout() {
        return exponent(Point::msWithout);
    }

    /** The same with the cache. */
    public double exponentWith() {
        return exponent(Point::msWith);
    }

    private double exponent(ToDoubleFunction<Point> ms) {
        return Timing.exponent(column(Point::tokens), column(ms));
    }

    private double[] column(ToDoubleFunction<Point> of) {
        return points.stream().mapToDouble(of).toArray();
    }

    /** Tokens per second against length, with the exponents of the time for one token. */
    public Picture chart() {
        Point last = points.getLast();
        String title = String.format(
                Locale.ROOT,
                "After %d tokens the cache makes %.2g tokens/s of %.2g",
                last.tokens(),
                last.perSecondWith(),
                last.perSecondWithout());
        return Charts.plot(title, "tokens of text, n", "tokens/s")
                .series(name("with your cache", exponentWith()), column(Point::tokens), column(Point::perSecondWith))
                .series(
                        name("nothing cached", exponentWithout()),
                        column(Point::tokens),
                        column(Point::perSecondWithout))
                .picture();
    }

    private static String name(String what, double exponent) {
        return String.format(Locale.ROOT, "%s: a token takes n^%.2f", what, Math.abs(exponent) < 0.005 ? 0 : exponent);
    }
}
