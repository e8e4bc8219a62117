package tinyllm.lab;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import tinyllm.lab.chart.BarPainter;
import tinyllm.lab.chart.ColorMap;
import tinyllm.lab.chart.HeatMaps;
import tinyllm.lab.film.Reel;
import tinyllm.lab.view.Film;
import tinyllm.lab.view.Picture;
import tinyllm.tensor.Tensor;

/**
 * Pictures for a cell's last line: PNG at double resolution on an opaque card, with one line of text that says what is to be
 * seen. A title states the finding; axes carry their unit.
 */
public final class Charts {

    private static final int FRAME_MS = 450;
    private static final int LAST_MS = 2_000;

    private Charts() {}

    /**
     * A matrix whose rows and columns carry the same labels: an attention map over tokens.
     *
     * @param matrix {@code [N, N]}; what is not finite is grey
     * @param labels N labels, such as {@code Tokens.labels(…)}
     */
    public static Picture heatmap(String title, Tensor matrix, List<String> labels) {
        return HeatMaps.single(title, matrix, labels, labels, ColorMap.RISING);
    }

    /**
     * Who looks at whom: rows are queries, columns are keys.
     *
     * @param weights {@code [L, S]}
     * @param tokens S labels; with fewer queries than keys the queries are the last L
     */
    public static Picture attention(String title, Tensor weights, List<String> tokens) {
        int l = weights.rank() == 2 ? Math.min(weights.dim(0), tokens.size()) : 0;
        List<String> queries = tokens.subList(tokens.size() - l, tokens.size());
        return HeatMaps.single(title, weights, queries, tokens, ColorMap.RISING, "the token that looks", "looked at");
    }

    /** A matrix {@code [R, C]} with R row labels and C column labels; an empty list counts instead. */
    public static Picture heatmap(String title, Tensor matrix, List<String> rows, List<String> columns) {
        return HeatMaps.single(title, matrix, rows, columns, ColorMap.RISING);
    }

    /** A matrix {@code [R, C]} with counted rows and columns. */
    public static Picture heatmap(String title, Tensor matrix) {
        return heatmap(title, matrix, List.of(), List.of());
    }

    /** A matrix {@code [R, C]} of positive and negative values: white at zero. */
    public static Picture signed(String title, Tensor matrix, List<String> rows, List<String> columns) {
        return HeatMaps.single(title, matrix, rows, columns, ColorMap.AROUND_ZERO);
    }

    /**
     * One small map for each head, under one scale.
     *
     * @param weights {@code [H, L, S]}
     */
    public static Picture heads(String title, Tensor weights) {
        int heads = weights.rank() == 3 ? weights.dim(0) : 0;
        return grid(
                title,
                weights,
                IntStream.range(0, heads).mapToObj(h -> "head " + h).toList());
    }

    /** One small map for each name, under one scale; the stack is {@code [N, R, C]}. */
    public static Picture grid(String title, Tensor stack, List<String> names) {
        return HeatMaps.grid(title, stack, names, ColorMap.RISING);
    }

    /** A line chart that is put together call by call; end it with {@link Plot#picture()}. */
    public static Plot plot(String title, String xLabel, String yLabel) {
        return new Plot(title, xLabel, yLabel);
    }

    /** One line over x = 0, 1, 2 … */
    public static Picture line(String title, String xLabel, String yLabel, double... y) {
        return plot(title, xLabel, yLabel).series(yLabel, y).picture();
    }

    /** Lines over the same x. */
    public static Picture lines(String title, String xLabel, String yLabel, double[] x, Map<String, double[]> series) {
        Plot plot = plot(title, xLabel, yLabel);
        series.forEach((name, y) -> plot.series(name, x, y));
        return plot.picture();
    }

    /** One bar for each label. */
    public static Picture bars(String title, String xLabel, String yLabel, List<String> labels, double... values) {
        return bars(title, xLabel, yLabel, labels, Map.of(yLabel, values));
    }

    /** A group of bars for each label; the series in the map's order. */
    public static Picture bars(
            String title, String xLabel, String yLabel, List<String> labels, Map<String, double[]> series) {
        return BarPainter.paint(title, xLabel, yLabel, labels, series, barSummary(title, labels, series));
    }

    /** How often values fall into each of equally wide bins; what is not finite is left out and counted in the text. */
    public static Picture histogram(String title, String xLabel, Tensor values, int bins) {
        return histogram(title, xLabel, Map.of("values", values), bins);
    }

    /** Several distributions over common bins. */
    public static Picture histogram(String title, String xLabel, Map<String, Tensor> values, int bins) {
        if (bins < 1 || bins > 200) {
            throw new IllegalArgumentException("a histogram has 1 to 200 bins, not " + bins);
        }
        Map<String, double[]> data = new LinkedHashMap<>();
        values.forEach((name, tensor) -> data.put(name, finite(tensor.toDoubles())));
        double[] all = data.values().stream().flatMapToDouble(Arrays::stream).toArray();
        if (all.length == 0) {
            throw new IllegalArgumentException("the histogram \"" + title + "\" has no finite value");
        }
        double low = Arrays.stream(all).min().orElseThrow();
        double high = Arrays.stream(all).max().orElseThrow();
        double width = high == low ? 1 : (high - low) / bins;
        Map<String, double[]> counts = new LinkedHashMap<>();
        data.forEach((name, v) -> counts.put(name, count(v, low, width, bins)));
        List<String> centers = IntStream.range(0, bins)
                .mapToObj(i -> number(low + (i + 0.5) * width))
                .toList();
        long missing = values.values().stream().mapToLong(Tensor::size).sum() - all.length;
        String text = title + ": " + all.length + " values from " + number(low) + " to " + number(high)
                + (missing == 0 ? "." : ", and " + missing + " that are not finite.");
        return BarPainter.paint(title, xLabel, "count", centers, counts, text);
    }

    /**
     * Pictures one after the other, for ever: an animated GIF, its last frame as a PNG, and a line of text.
     *
     * @param frames 1 to 240; smaller ones stand on a card of the largest one's size
     */
    public static Film film(List<Picture> frames) {
        String what = frames.isEmpty() ? "" : " The last: " + frames.getLast().text();
        return film("A film of " + frames.size() + " pictures." + what, frames);
    }

    /** The same with a line of text of its own. */
    public static Film film(String text, List<Picture> frames) {
        return film(text, frames, FRAME_MS);
    }

    /** The same at another pace: so many milliseconds for each frame, 20 or more; the last one stays two seconds. */
    public static Film film(String text, List<Picture> frames, int frameMs) {
        return Reel.of(text, frames, frameMs, Math.max(frameMs, LAST_MS));
    }

    private static double[] count(double[] values, double low, double width, int bins) {
        double[] counts = new double[bins];
        for (double v : values) {
            counts[(int) Math.clamp((v - low) / width, 0, bins - 1)]++;
        }
        return counts;
    }

    private static double[] finite(double[] values) {
        return Arrays.stream(values).filter(Double::isFinite).toArray();
    }

    private static String barSummary(String title, List<String> labels, Map<String, double[]> series) {
        StringBuilder out = new StringBuilder(title).append(": ");
        series.forEach((name, values) -> {
            int best = IntStream.range(0, Math.min(values.length, labels.size()))
                    .reduce((a, b) -> values[b] > values[a] ? b : a)
                    .orElse(0);
            out.append(name)
                    .append(" is largest at ")
                    .append(labels.get(best))
                    .append(" (")
                    .append(number(values[best]))
                    .append("); ");
        });
        return out.substring(0, out.length() - 2) + ".";
    }

    private static String number(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e9
                ? Long.toString((long) value)
                : String.format(Locale.ROOT, "%.3g", value);
    }
}
