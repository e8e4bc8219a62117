package tinyllm.lab.chart;

import java.util.Arrays;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.stream.DoubleStream;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.markers.SeriesMarkers;
import tinyllm.lab.view.Picture;

/** Lines and points by XChart. */
public final class LinePainter {

    private static final int WIDTH = 640;
    private static final int HEIGHT = 340;
    private static final int MARKED = 40;
    /** Up to so many points, each gets its tick. */
    private static final int TICKED = 12;

    private LinePainter() {}

    /** One line, or points. */
    @SuppressWarnings("ArrayRecordComponent") // nobody compares series
    public record Series(String name, double[] x, double[] y, boolean line) {
        public Series {
            if (x.length != y.length || x.length == 0) {
                throw new IllegalArgumentException("the series \"" + name
                        + "\" needs as many x as y, at least one, not " + x.length + " and " + y.length);
            }
        }
    }

    /** A dashed line at a value of the y axis, or upright at one of the x axis; a guess has a colour of its own. */
    public record Level(String name, double value, boolean guess, boolean upright) {
        public Level(String name, double value, boolean guess) {
            this(name, value, guess, false);
        }
    }

    public static Picture paint(
            String title,
            String xLabel,
            String yLabel,
            List<Series> series,
            List<Level> levels,
            boolean logX,
            boolean logY,
            String text) {
        if (series.isEmpty()) {
            throw new IllegalArgumentException("the chart \"" + title + "\" has no series");
        }
        XYChart chart = new XYChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .title(title)
                .xAxisTitle(xLabel)
                .yAxisTitle(yLabel)
                .build();
        Theme.apply(chart, series.size() + levels.size() > 1);
        if (logX) {
            chart.getStyler()
                    .setXAxisLogarithmic(true)
                    .setXAxisLogarithmicDecadeOnly(false)
                    .setXAxisTickLabelsFormattingFunction(
                            LogLabels.of(series.stream().flatMapToDouble(s -> Arrays.stream(s.x()))));
        }
        if (logY) {
            DoubleStream values = series.stream().flatMapToDouble(s -> Arrays.stream(s.y()));
            chart.getStyler()
                    .setYAxisLogarithmic(true)
                    .setYAxisLogarithmicDecadeOnly(false)
                    .setYAxisTickLabelsFormattingFunction(LogLabels.of(values));
        }
        for (Series s : series) {
            add(chart, s, logX, logY);
        }
        for (Level level : levels) {
            addLevel(chart, level, series);
        }
        return Canvas.draw(WIDTH, HEIGHT, text, g -> chart.paint(g, WIDTH, HEIGHT));
    }

    private static void add(XYChart chart, Series s, boolean logX, boolean logY) {
        requirePositive(s.name(), s.x(), logX);
        requirePositive(s.name(), s.y(), logY);
        double[] y = Arrays.stream(s.y())
                .map(v -> Double.isInfinite(v) ? Double.NaN : v)
                .toArray();
        XYSeries drawn = chart.addSeries(s.name(), logX ? s.x() : unevenly(s.x()), y);
        if (!s.line()) {
            drawn.setXYSeriesRenderStyle(XYSeries.XYSeriesRenderStyle.Scatter);
        } else if (s.x().length > MARKED) {
            drawn.setMarker(SeriesMarkers.NONE);
        }
    }

    /**
     * XChart labels points at equal distances by their own values, 0, 37, 74, as many as go side by side. One that stands a thousandth
     * aside, which nobody sees, makes it count in round numbers.
     */
    private static double[] unevenly(double[] x) {
        double[] moved = x.clone();
        if (x.length > TICKED) {
            moved[1] += (x[2] - x[1]) / 1000;
        }
        return moved;
    }

    private static void addLevel(XYChart chart, Level level, List<Series> series) {
        DoubleStream across = level.upright() ? series.stream().flatMapToDouble(s -> Arrays.stream(s.y())) : xs(series);
        DoubleSummaryStatistics ends = across.filter(Double::isFinite).summaryStatistics();
        double[] along = {ends.getMin(), ends.getMax()};
        double[] still = {level.value(), level.value()};
        XYSeries line = level.upright()
                ? chart.addSeries(level.name(), still, along)
                : chart.addSeries(level.name(), along, still);
        line.setMarker(SeriesMarkers.NONE);
        line.setLineStyle(Theme.DASHED);
        line.setLineColor(level.guess() ? Theme.GUESS : Theme.FAINT);
    }

    private static DoubleStream xs(List<Series> series) {
        return series.stream().flatMapToDouble(s -> Arrays.stream(s.x()));
    }

    private static void requirePositive(String name, double[] values, boolean logarithmic) {
        if (logarithmic && Arrays.stream(values).anyMatch(v -> v <= 0)) {
            throw new IllegalArgumentException(
                    "the series \"" + name + "\" holds values of 0 or less, which a logarithmic axis can't show");
        }
    }
}
