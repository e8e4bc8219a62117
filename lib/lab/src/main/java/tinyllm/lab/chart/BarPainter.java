package tinyllm.lab.chart;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.CategorySeries;
import org.knowm.xchart.CategorySeries.CategorySeriesRenderStyle;
import org.knowm.xchart.style.markers.SeriesMarkers;
import tinyllm.lab.chart.LinePainter.Level;
import tinyllm.lab.view.Picture;

/** Bars by XChart. */
public final class BarPainter {

    private static final int WIDTH = 640;
    private static final int HEIGHT = 320;
    private static final int FLAT_LABELS = 12;
    /** Labels side by side, each as wide as the longest, before they run into each other. */
    private static final int FLAT_CHARACTERS = 90;

    private BarPainter() {}

    /**
     * One group of bars for each label.
     *
     * @param series name to values, one for each label
     */
    public static Picture paint(
            String title,
            String xLabel,
            String yLabel,
            List<String> labels,
            Map<String, double[]> series,
            String text) {
        return paint(title, xLabel, yLabel, labels, series, List.of(), text);
    }

    /** The same with dashed lines across the bars. */
    public static Picture paint(
            String title,
            String xLabel,
            String yLabel,
            List<String> labels,
            Map<String, double[]> series,
            List<Level> levels,
            String text) {
        if (labels.isEmpty() || series.isEmpty()) {
            throw new IllegalArgumentException("the chart \"" + title + "\" has no bars");
        }
        CategoryChart chart = new CategoryChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .title(title)
                .xAxisTitle(xLabel)
                .yAxisTitle(yLabel)
                .build();
        Theme.apply(chart, series.size() + levels.size() > 1);
        chart.getStyler().setXAxisMaxLabelCount(25);
        chart.getStyler().setAvailableSpaceFill(0.85);
        int longest = labels.stream().mapToInt(String::length).max().orElse(0);
        if (labels.size() > FLAT_LABELS || labels.size() * longest > FLAT_CHARACTERS) {
            chart.getStyler().setXAxisLabelRotation(60);
        }
        List<String> drawn = unique(labels);
        series.forEach((name, values) -> {
            if (values.length != labels.size()) {
                throw new IllegalArgumentException(
                        "the bars \"" + name + "\" have " + values.length + " values for " + labels.size() + " labels");
            }
            chart.addSeries(name, drawn, Arrays.stream(values).boxed().toList());
        });
        for (Level level : levels) {
            CategorySeries line =
                    chart.addSeries(level.name(), drawn, Collections.nCopies(drawn.size(), level.value()));
            line.setChartCategorySeriesRenderStyle(CategorySeriesRenderStyle.Line);
            line.setMarker(SeriesMarkers.NONE);
            line.setLineStyle(Theme.DASHED);
            line.setLineColor(level.guess() ? Theme.GUESS : Theme.FAINT);
        }
        return Canvas.draw(WIDTH, HEIGHT, text, g -> chart.paint(g, WIDTH, HEIGHT));
    }

    /** XChart merges bars of equal labels, and a text may hold one token twice. */
    private static List<String> unique(List<String> labels) {
        List<String> out = new ArrayList<>();
        for (String label : labels) {
            String next = Canvas.drawable(Theme.font(11), label);
            while (out.contains(next)) {
                next += "\u200b";
            }
            out.add(next);
        }
        return out;
    }
}
