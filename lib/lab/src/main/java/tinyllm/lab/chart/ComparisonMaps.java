package tinyllm.lab.chart;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.geom.Rectangle2D;
import java.util.Locale;
import tinyllm.lab.chart.HeatMap.Scale;
import tinyllm.lab.view.Picture;

/** Three small maps of a wrong matrix: expected and yours under one scale, and their difference around zero. */
public final class ComparisonMaps {

    private static final int SIDE = 168;
    private static final int GAP = 12;
    private static final int HEAD = 34;
    private static final int FOOT = 34;
    /** Cells at least this wide show their number. */
    private static final int NUMBERED = 28;

    /** No number: neither end of a scale. */
    private static final Color NAN = new Color(0xCC, 0x79, 0xA7);

    private static final Color MINUS_INFINITY = new Color(0x66, 0x66, 0x66);
    private static final Color PLUS_INFINITY = Color.BLACK;

    private ComparisonMaps() {}

    /**
     * The picture.
     *
     * @param where one line: which part of the result this is
     * @param expected {@code [R, C]}
     * @param actual {@code [R, C]}
     * @param difference {@code [R, C]}, actual − expected
     * @param row of the first wrong entry, which is framed
     * @param column of the first wrong entry
     */
    public static Picture paint(
            String where, float[][] expected, float[][] actual, float[][] difference, int row, int column) {
        Scale common = Scale.of(expected, ColorMap.RISING);
        Scale around = Scale.of(difference, ColorMap.AROUND_ZERO);
        String text = String.format(
                Locale.ROOT,
                "Expected, yours, and yours − expected. %s. First wrong: row %d, column %d of what is shown, %s instead of %s. %s",
                where,
                row,
                column,
                number(actual[row][column]),
                number(expected[row][column]),
                wrongCells(difference));
        int width = 3 * SIDE + 2 * GAP;
        int high = (int) Math.ceil(cellHeight(expected) * expected.length);
        return Canvas.draw(width, HEAD + high + FOOT, text, g -> {
            g.setFont(Theme.font(11));
            g.drawString(Canvas.drawable(g.getFont(), where), 0, 11);
            map(g, "expected", expected, common, 0, row, column);
            map(g, "yours", actual, common, SIDE + GAP, row, column);
            map(g, "yours − expected", difference, around, 2 * (SIDE + GAP), row, column);
            legend(g, HEAD + high + 30, expected, actual);
        });
    }

    private static void map(Graphics2D g, String name, float[][] values, Scale scale, int x, int row, int column) {
        double w = SIDE / (double) values[0].length;
        double h = cellHeight(values);
        g.setFont(Theme.bold(11));
        g.setColor(Theme.INK);
        g.drawString(name, x, HEAD - 6);
        for (int r = 0; r < values.length; r++) {
            for (int c = 0; c < values[r].length; c++) {
                Color color = color(values[r][c], scale);
                g.setColor(color);
                g.fill(new Rectangle2D.Double(x + c * w, HEAD + r * h, w + 0.3, h + 0.3));
                if (w >= NUMBERED && h >= 12) {
                    cellNumber(g, values[r][c], color, x + (c + 0.5) * w, HEAD + (r + 0.5) * h, w);
                }
            }
        }
        g.setStroke(new BasicStroke(1f));
        g.setColor(Theme.FAINT);
        g.draw(new Rectangle2D.Double(x, HEAD, SIDE, h * values.length));
        g.setStroke(new BasicStroke(2f));
        g.setColor(Theme.GUESS);
        g.draw(new Rectangle2D.Double(x + column * w, HEAD + row * h, Math.max(w, 4), Math.max(h, 4)));
        g.setFont(Theme.font(10));
        g.setColor(Theme.INK);
        g.drawString(words(scale), (float) x, (float) (HEAD + h * values.length) + 14);
    }

    /** A vector is a band, not a square. */
    private static double cellHeight(float[][] values) {
        return Math.min(SIDE / (double) values.length, 3.0 * SIDE / values[0].length);
    }

    private static String words(Scale scale) {
        if (scale.low() == scale.high()) {
            return "all finite values are " + number(scale.low());
        }
        return scale.map() == ColorMap.AROUND_ZERO
                ? "blue " + number(scale.low()) + ", white 0, orange " + number(scale.high())
                : number(scale.low()) + " (dark) to " + number(scale.high()) + " (light)";
    }

    private static Color color(float value, Scale scale) {
        if (Float.isNaN(value)) {
            return NAN;
        }
        if (Float.isInfinite(value)) {
            boolean signed = scale.map() == ColorMap.AROUND_ZERO;
            return signed ? scale.map().at(value > 0 ? 1 : 0) : value > 0 ? PLUS_INFINITY : MINUS_INFINITY;
        }
        return scale.color(value);
    }

    private static void cellNumber(Graphics2D g, float value, Color behind, double x, double y, double wide) {
        g.setFont(Theme.font(wide >= 40 ? 10 : 8));
        double light = 0.3 * behind.getRed() + 0.59 * behind.getGreen() + 0.11 * behind.getBlue();
        g.setColor(light > 140 ? Theme.INK : Color.WHITE);
        String text = number(value);
        g.drawString(text, (float) (x - g.getFontMetrics().stringWidth(text) / 2.0), (float) y + 4);
    }

    private static void legend(Graphics2D g, int y, float[][]... maps) {
        boolean nan = false;
        boolean below = false;
        boolean above = false;
        for (float[][] map : maps) {
            for (float[] line : map) {
                for (float v : line) {
                    nan |= Float.isNaN(v);
                    below |= v == Float.NEGATIVE_INFINITY;
                    above |= v == Float.POSITIVE_INFINITY;
                }
            }
        }
        String text = "framed: the first wrong entry" + (nan ? "; pink: NaN" : "") + (below ? "; grey: −∞" : "")
                + (above ? "; black: +∞" : "");
        g.setFont(Theme.font(10));
        g.setColor(Theme.FAINT);
        g.drawString(Canvas.drawable(g.getFont(), text), 0, y);
    }

    private static String wrongCells(float[][] difference) {
        long cells = 0;
        long zero = 0;
        for (float[] line : difference) {
            for (float v : line) {
                cells++;
                zero += v == 0 ? 1 : 0;
            }
        }
        return (cells - zero) + " of the " + cells + " entries shown differ.";
    }

    /** Two or three digits: there is room for no more. */
    private static String number(double value) {
        if (Double.isNaN(value)) {
            return "NaN";
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? "∞" : "−∞";
        }
        if (value == Math.rint(value) && Math.abs(value) < 1_000) {
            return Long.toString((long) value);
        }
        double size = Math.abs(value);
        return String.format(Locale.ROOT, size >= 1_000 || size < 0.01 ? "%.0e" : "%.2f", value);
    }
}
