package tinyllm.load;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import tinyllm.lab.chart.LinePainter;
import tinyllm.lab.chart.LinePainter.Level;
import tinyllm.lab.chart.LinePainter.Series;
import tinyllm.lab.view.Picture;

/** Pictures of a load. */
public final class LoadCharts {

    private static final int POINTS = 200;
    private static final int MOMENTS = 1000;
    private static final int BUCKETS = 50;

    /** Logarithmic axes have no 0. */
    private static final double SHORTEST = 1e-3;

    private LoadCharts() {}

    /**
     * Which share of requests had their first token, their next one and their end after how many seconds.
     *
     * @throws IllegalArgumentException when no answer came whole
     */
    public static Picture latencies(LoadReport report) {
        double[] first = times(report, s -> new double[] {s.toFirstToken()});
        if (first.length == 0) {
            throw new IllegalArgumentException(
                    "no answer came whole, so there are no latencies to draw: " + report.outcomes());
        }
        double[] end = times(report, s -> new double[] {s.toEnd()});
        double[] gaps = times(report, Sample::gaps);
        List<Series> series = new ArrayList<>(List.of(shares("first token", first), shares("end", end)));
        if (gaps.length > 0) {
            series.add(0, shares("between tokens", gaps));
        }
        String text = String.format(
                Locale.ROOT,
                "Of %d whole answers half had their first token after %s and their end after %s, 95 %% after %s and %s; half of the"
                        + " gaps between tokens are below %s.",
                report.answered(),
                time(report.firstToken().p50()),
                time(report.toEnd().p50()),
                time(report.firstToken().p95()),
                time(report.toEnd().p95()),
                time(report.gaps().p50()));
        return LinePainter.paint(
                "How long users wait",
                "seconds from the planned arrival (between tokens: from the one before)",
                "share, %",
                series,
                List.of(new Level("95 %", 95, false)),
                true,
                false,
                text);
    }

    private interface Times {
        double[] of(Sample sample);
    }

    private static double[] times(LoadReport report, Times times) {
        return report.samples().stream()
                .filter(Sample::ok)
                .flatMapToDouble(s -> Arrays.stream(times.of(s)))
                .filter(v -> !Double.isNaN(v))
                .map(v -> Math.max(v, SHORTEST))
                .sorted()
                .toArray();
    }

    /** The share of values that are at most x, at up to 200 of them. */
    private static Series shares(String name, double[] sorted) {
        int n = Math.min(POINTS, sorted.length);
        double[] x = new double[n];
        double[] y = new double[n];
        for (int i = 0; i < n; i++) {
            int rank = (int) ((i + 1L) * sorted.length / n);
            x[i] = sorted[rank - 1];
            y[i] = 100.0 * rank / sorted.length;
        }
        return new Series(name, x, y, true);
    }

    /** How many requests wait for their first token, and how many are being answered, over time. */
    public static Picture requests(LoadReport report) {
        double seconds = Math.max(report.seconds(), 1e-3);
        double[] x = changes(report);
        double[] waiting = count(report, x, (s, t) -> t < firstOrEnd(s));
        double[] written = count(report, x, (s, t) -> t >= firstOrEnd(s));
        double most = Arrays.stream(waiting).max().orElse(0);
        String text = String.format(
                Locale.ROOT,
                "%d requests in %.1f s: at most %.0f wait for their first token and %.0f are being answered at once.",
                report.samples().size(),
                seconds,
                most,
                Arrays.stream(written).max().orElse(0));
        return LinePainter.paint(
                "Requests over time",
                "seconds",
                "requests",
                List.of(
                        new Series("wait for their first token", x, waiting, true),
                        new Series("are being answered", x, written, true)),
                List.of(),
                false,
                false,
                text);
    }

    /** When a request arrives, has its first token, or ends: at all of these moments, or at 1,000 of them. */
    private static double[] changes(LoadReport report) {
        double[] all = report.samples().stream()
                .flatMapToDouble(s -> DoubleStream.of(s.planned(), firstOrEnd(s), s.end()))
                .sorted()
                .distinct()
                .toArray();
        int n = Math.min(MOMENTS, all.length);
        return IntStream.range(0, n)
                .mapToDouble(i -> all[(int) ((long) i * all.length / n)])
                .toArray();
    }

    private static double firstOrEnd(Sample sample) {
        return sample.events() == 0 ? sample.end() : sample.first();
    }

    private interface At {
        boolean is(Sample sample, double time);
    }

    private static double[] count(LoadReport report, double[] times, At at) {
        return Arrays.stream(times)
                .map(t -> {
                    Predicate<Sample> there = s -> s.planned() <= t && t < s.end() && at.is(s, t);
                    return report.samples().stream().filter(there).count();
                })
                .toArray();
    }

    /** Events with text per second, over time; the level is the mean. */
    public static Picture rate(LoadReport report) {
        double seconds = Math.max(report.seconds(), 1e-3);
        double width = roundWidth(seconds / BUCKETS);
        int buckets = (int) (seconds / width) + 1;
        double[] x = IntStream.range(0, buckets).mapToDouble(i -> i * width).toArray();
        double[] y = new double[buckets];
        for (Sample sample : report.samples()) {
            for (double time : sample.tokenTimes()) {
                y[Math.clamp((int) (time / width), 0, buckets - 1)] += 1 / width;
            }
        }
        double mean = report.events() / seconds;
        String text = String.format(
                Locale.ROOT,
                "%d tokens in %d events over %.1f s: %.1f events a second on average, %.1f in the best %.2f s.",
                report.tokens(),
                report.events(),
                seconds,
                mean,
                Arrays.stream(y).max().orElse(0),
                width);
        return LinePainter.paint(
                "Text over time",
                "seconds",
                "events/s",
                List.of(new Series("events/s", x, y, true)),
                List.of(new Level("mean", mean, false)),
                false,
                false,
                text);
    }

    /** 1, 2 or 5 times a power of ten, not below the value. */
    private static double roundWidth(double least) {
        double ten = Math.pow(10, Math.floor(Math.log10(least)));
        return DoubleStream.of(1, 2, 5, 10)
                .map(m -> m * ten)
                .filter(w -> w >= least)
                .min()
                .orElse(10 * ten);
    }

    private static String time(double seconds) {
        return seconds < 1
                ? String.format(Locale.ROOT, "%.1f ms", seconds * 1e3)
                : String.format(Locale.ROOT, "%.2f s", seconds);
    }
}
