package tinyllm.lab;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import tinyllm.lab.chart.LinePainter;
import tinyllm.lab.chart.LinePainter.Level;
import tinyllm.lab.chart.LinePainter.Series;
import tinyllm.lab.view.Picture;

/**
 * A line chart that is put together call by call: {@code Charts.plot("Time per token", "tokens so far", "ms").series(…)
 * .guess("1.6").picture()}.
 */
public final class Plot {

    private final String title;
    private final String xLabel;
    private final String yLabel;
    private final List<Series> series = new ArrayList<>();
    private final List<Level> levels = new ArrayList<>();
    private boolean logX;
    private boolean logY;

    Plot(String title, String xLabel, String yLabel) {
        this.title = title;
        this.xLabel = xLabel;
        this.yLabel = yLabel;
    }

    /** A line through these points. */
    public Plot series(String name, double[] x, double[] y) {
        series.add(new Series(name, x.clone(), y.clone(), true));
        return this;
    }

    /** A line through these values, at x = 0, 1, 2 … */
    public Plot series(String name, double[] y) {
        return series(name, IntStream.range(0, y.length).asDoubleStream().toArray(), y);
    }

    /** Points without a line. */
    public Plot points(String name, double[] x, double[] y) {
        series.add(new Series(name, x.clone(), y.clone(), false));
        return this;
    }

    /** The guess kept by {@code predict} under this name, as a dashed line; nothing when there is none. */
    public Plot guess(String id) {
        Lab.prediction(id)
                .ifPresent(p ->
                        levels.add(new Level("your guess: " + number(p.guess()) + " " + p.unit(), p.guess(), true)));
        return this;
    }

    /** The same where the guess is a value of the x axis: an upright dashed line. */
    public Plot guessAcross(String id) {
        Lab.prediction(id)
                .ifPresent(p -> levels.add(
                        new Level("your guess: " + number(p.guess()) + " " + p.unit(), p.guess(), true, true)));
        return this;
    }

    /** A dashed horizontal line, such as a ceiling. */
    public Plot level(String name, double y) {
        levels.add(new Level(name, y, false));
        return this;
    }

    /** Both axes counted in powers of ten where asked; values must then be above 0. */
    public Plot logX() {
        logX = true;
        return this;
    }

    public Plot logY() {
        logY = true;
        return this;
    }

    /**
     * The picture.
     *
     * @throws IllegalArgumentException when there is no series, a series is empty or uneven, or a value doesn't fit a
     *     logarithmic axis
     */
    public Picture picture() {
        return LinePainter.paint(title, xLabel, yLabel, series, levels, logX, logY, summary());
    }

    private String summary() {
        StringBuilder out = new StringBuilder(title).append(": ");
        for (Series s : series) {
            double low = DoubleStream.of(s.y()).filter(Double::isFinite).min().orElse(Double.NaN);
            double high = DoubleStream.of(s.y()).filter(Double::isFinite).max().orElse(Double.NaN);
            out.append(s.name())
                    .append(" from ")
                    .append(number(low))
                    .append(" to ")
                    .append(number(high))
                    .append("; ");
        }
        for (Level level : levels) {
            out.append(level.name()).append("; ");
        }
        return out.append(yLabel).append(" by ").append(xLabel).append('.').toString();
    }

    private static String number(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e9
                ? Long.toString((long) value)
                : String.format(Locale.ROOT, "%.3g", value);
    }
}
