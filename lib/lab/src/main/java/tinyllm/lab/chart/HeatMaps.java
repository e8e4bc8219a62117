package tinyllm.lab.chart;

import java.awt.Graphics2D;
import java.awt.geom.AffineTransform;
import java.awt.geom.Rectangle2D;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import tinyllm.lab.chart.HeatMap.Scale;
import tinyllm.lab.view.Picture;
import tinyllm.tensor.Tensor;

/** Pictures of one heat map and of a grid of them. */
public final class HeatMaps {

    private static final int TITLE = 24;
    private static final int BAR = 60;
    private static final int SMALL = 120;

    private HeatMaps() {}

    /**
     * One matrix.
     *
     * @param matrix {@code [R, C]}
     * @param rows R labels, or none
     * @param columns C labels, or none
     */
    public static Picture single(String title, Tensor matrix, List<String> rows, List<String> columns, ColorMap map) {
        return single(title, matrix, rows, columns, map, "", "");
    }

    /** The same, with what the rows and the columns stand for written beside the axes. */
    public static Picture single(
            String title,
            Tensor matrix,
            List<String> rows,
            List<String> columns,
            ColorMap map,
            String rowAxis,
            String columnAxis) {
        float[][] values = matrix(title, matrix);
        Scale scale = Scale.of(values, map);
        HeatMap heat = new HeatMap(values, labels(rows, values.length), labels(columns, values[0].length), scale);
        double cell = Math.clamp(420.0 / Math.max(heat.rowCount(), heat.columnCount()), 2, 36);
        int w = (int) Math.max(cell * heat.columnCount(), 60);
        int h = (int) Math.max(cell * heat.rowCount(), 40);
        int left = room(rows, 44, 124);
        int below = room(columns, 40, 104);
        return Canvas.draw(w + left + BAR, h + TITLE + below, summary(title, values), g -> {
            title(g, title);
            Rectangle2D box = new Rectangle2D.Double(left, TITLE, w, h);
            heat.paint(g, box);
            bar(g, new Rectangle2D.Double(left + w + 10, TITLE, 10, h), scale);
            axes(g, box, rowAxis, columnAxis, below - 8);
        });
    }

    /**
     * Several matrices under one scale, such as an attention map for each head.
     *
     * @param stack {@code [N, R, C]}
     * @param names N names
     */
    public static Picture grid(String title, Tensor stack, List<String> names, ColorMap map) {
        if (stack.rank() != 3 || stack.dim(0) != names.size() || stack.size() == 0) {
            throw new IllegalArgumentException("a grid of maps needs a tensor [N, R, C] and N names, not shape "
                    + Arrays.toString(stack.shape()) + " and " + names.size() + " names");
        }
        List<float[][]> maps = IntStream.range(0, stack.dim(0))
                .mapToObj(i -> stack.at(i).toMatrix())
                .toList();
        float[][] all = maps.stream().flatMap(Arrays::stream).toArray(float[][]::new);
        Scale scale = Scale.of(all, map);
        int across = (int) Math.clamp(Math.ceil(Math.sqrt(maps.size() * 1.5)), 1, 7);
        int down = Math.ceilDiv(maps.size(), across);
        String text = title + ": " + maps.size() + " maps. "
                + IntStream.range(0, maps.size())
                        .mapToObj(i -> summary(names.get(i), maps.get(i)))
                        .collect(Collectors.joining(" "));
        return Canvas.draw(across * (SMALL + 10) + BAR, down * (SMALL + 22) + TITLE, text, g -> {
            title(g, title);
            for (int i = 0; i < maps.size(); i++) {
                double x = (i % across) * (SMALL + 10.0);
                int line = i / across;
                double y = TITLE + line * (SMALL + 22.0);
                small(g, names.get(i), maps.get(i), scale, x, y);
            }
            bar(g, new Rectangle2D.Double(across * (SMALL + 10.0) + 4, TITLE + 14, 10, SMALL), scale);
        });
    }

    /** What the longest label and the axis beside it need, in points: numbers take little, tokens may take all. */
    private static int room(List<String> labels, int least, int most) {
        int longest = labels.stream().mapToInt(String::length).max().orElse(0);
        return Math.clamp(26L + 8L * longest, least, most);
    }

    private static void axes(Graphics2D g, Rectangle2D box, String rowAxis, String columnAxis, int below) {
        g.setFont(Theme.font(12));
        g.setColor(Theme.INK);
        float middle = (float) (box.getCenterX() - g.getFontMetrics().stringWidth(columnAxis) / 2.0);
        g.drawString(columnAxis, middle, (float) box.getMaxY() + below);
        AffineTransform upright = g.getTransform();
        g.translate(10, box.getCenterY() + g.getFontMetrics().stringWidth(rowAxis) / 2.0);
        g.rotate(-Math.PI / 2);
        g.drawString(rowAxis, 0, 0);
        g.setTransform(upright);
    }

    private static void small(Graphics2D g, String name, float[][] values, Scale scale, double x, double y) {
        g.setFont(Theme.font(10));
        g.setColor(Theme.INK);
        g.drawString(Canvas.drawable(g.getFont(), name), (float) x, (float) y + 10);
        new HeatMap(values, List.of(), List.of(), scale)
                .paint(g, new Rectangle2D.Double(x, y + 14, SMALL - 4.0, SMALL - 4.0));
    }

    private static void title(Graphics2D g, String title) {
        g.setFont(Theme.bold(13));
        g.setColor(Theme.INK);
        g.drawString(Canvas.drawable(g.getFont(), title), 0, 13);
    }

    /** The colour scale with its two ends. */
    private static void bar(Graphics2D g, Rectangle2D box, Scale scale) {
        int steps = (int) box.getHeight();
        for (int i = 0; i < steps; i++) {
            g.setColor(scale.map().at(1 - i / (double) Math.max(steps - 1, 1)));
            g.fill(new Rectangle2D.Double(box.getX(), box.getY() + i, box.getWidth(), 1.3));
        }
        g.setColor(Theme.INK);
        g.setFont(Theme.font(9));
        g.drawString(number(scale.high()), (float) box.getMaxX() + 3, (float) box.getY() + 8);
        g.drawString(number(scale.low()), (float) box.getMaxX() + 3, (float) box.getMaxY());
    }

    private static float[][] matrix(String title, Tensor matrix) {
        if (matrix.rank() != 2 || matrix.size() == 0) {
            throw new IllegalArgumentException("the heat map \"" + title
                    + "\" needs a matrix [R, C] that is not empty, not shape " + Arrays.toString(matrix.shape()));
        }
        return matrix.toMatrix();
    }

    private static List<String> labels(List<String> given, int count) {
        if (given.isEmpty()) {
            return IntStream.range(0, count).mapToObj(Integer::toString).toList();
        }
        if (given.size() != count) {
            throw new IllegalArgumentException(
                    "there are " + given.size() + " labels for " + count + " rows or columns");
        }
        return given;
    }

    private static String summary(String title, float[][] values) {
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        List<Integer> at = new ArrayList<>(List.of(0, 0));
        long missing = 0;
        for (int r = 0; r < values.length; r++) {
            for (int c = 0; c < values[r].length; c++) {
                float v = values[r][c];
                if (!Float.isFinite(v)) {
                    missing++;
                    continue;
                }
                low = Math.min(low, v);
                if (v > high) {
                    high = v;
                    at = List.of(r, c);
                }
            }
        }
        String text = title + ": " + values.length + " × " + values[0].length + " values from " + number(low) + " to "
                + number(high) + ", the largest at row " + at.get(0) + ", column " + at.get(1) + ".";
        return missing == 0 ? text : text + " " + missing + " are not finite (grey).";
    }

    private static String number(double value) {
        return Double.isInfinite(value) ? "none" : String.format(Locale.ROOT, "%.3g", value);
    }
}
