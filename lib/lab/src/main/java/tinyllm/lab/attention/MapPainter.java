package tinyllm.lab.attention;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.AffineTransform;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Locale;
import tinyllm.lab.chart.Canvas;

/** Paints tables of numbers from 0 to a maximum as coloured cells with labelled rows and columns, on an opaque card. */
public final class MapPainter {

    private static final Color INK = new Color(0x1f2933);
    private static final Color FAINT = new Color(0x5f6b76);
    private static final Color HIDDEN = new Color(0xe4e7eb);
    private static final int[] BLUES = {
        0xf7fbff, 0xdeebf7, 0xc6dbef, 0x9ecae1, 0x6baed6, 0x4292c6, 0x2171b5, 0x08519c, 0x08306b
    };
    private static final int MARGIN = 12;
    private static final int BAR = 12;
    private static final int MAX_LABELS = 40;
    private static final double TEXT_FROM = 0.095;

    private MapPainter() {}

    /**
     * One map.
     *
     * @param title the finding, in one line
     * @param rows one label per row, from the top
     * @param columns one label per column
     * @param values rows × columns; NaN is painted grey: nothing there
     * @param max the value of the darkest colour, above 0
     * @param rowAxis what the rows are
     * @param columnAxis what the columns are
     * @param unit what the numbers are, beside the colour bar
     */
    @SuppressWarnings("ArrayRecordComponent") // nobody compares maps
    public record Spec(
            String title,
            List<String> rows,
            List<String> columns,
            float[][] values,
            double max,
            String rowAxis,
            String columnAxis,
            String unit) {}

    /** Paints a map at the given pixels per unit of length; 2 gives a picture for screens of high density. */
    public static BufferedImage paint(Spec spec, double scale) {
        int cell = cellSize(Math.max(spec.rows().size(), spec.columns().size()));
        Font plain = font(11, false);
        int left = MARGIN + 18 + widest(spec.rows(), plain) + 6;
        int top = MARGIN + 26;
        int mapWidth = cell * spec.columns().size();
        int mapHeight = cell * spec.rows().size();
        int bottom = widest(spec.columns(), plain) + 30;
        int width = Math.max(left + mapWidth + 28 + BAR + 44, 2 * MARGIN + width(spec.title(), font(13, true)));
        int height = top + mapHeight + bottom + MARGIN;
        BufferedImage image = canvas(width, height, scale);
        Graphics2D g = graphics(image, scale);
        text(g, spec.title(), font(13, true), INK, MARGIN, MARGIN + 12);
        g.translate(left, top);
        cells(g, spec.values(), spec.max(), cell);
        if (cell >= 20) {
            numbers(g, spec.values(), spec.max(), cell);
        }
        rowLabels(g, spec.rows(), cell, plain);
        columnLabels(g, spec.columns(), cell, mapHeight, plain);
        Font axis = font(11, false);
        text(g, spec.columnAxis(), axis, FAINT, 0, mapHeight + bottom);
        vertical(g, spec.rowAxis(), axis, FAINT, MARGIN + 8 - left, mapHeight);
        bar(g, mapWidth + 24, mapHeight, spec);
        g.dispose();
        return image;
    }

    /**
     * Many small maps beside each other, without labels of their own.
     *
     * @param captions one line over each map
     */
    public static BufferedImage grid(
            String title, List<String> captions, List<float[][]> maps, double max, String footer, double scale) {
        int columns = Math.min(maps.size(), Math.max(3, (int) Math.ceil(Math.sqrt(maps.size() * 1.6))));
        int rows = (maps.size() + columns - 1) / columns;
        int cell = Math.clamp(120 / maps.getFirst().length, 2, 24);
        int side = cell * maps.getFirst().length;
        int stepX = Math.max(side, 112) + 16;
        int stepY = side + 30;
        int words = Math.max(width(title, font(13, true)), width(footer, font(11, false)));
        int width = 2 * MARGIN + Math.max(columns * stepX - 16, words);
        BufferedImage image = canvas(width, MARGIN + 22 + rows * stepY + 16 + MARGIN, scale);
        Graphics2D g = graphics(image, scale);
        text(g, title, font(13, true), INK, MARGIN, MARGIN + 12);
        AffineTransform home = g.getTransform();
        for (int i = 0; i < maps.size(); i++) {
            g.setTransform(home);
            g.translate(MARGIN + (i % columns) * stepX, MARGIN + 22 + (i / columns) * stepY);
            text(g, captions.get(i), font(11, false), INK, 0, 14);
            g.translate(0, 20);
            cells(g, maps.get(i), max, cell);
        }
        g.setTransform(home);
        text(g, footer, font(11, false), FAINT, MARGIN, MARGIN + 22 + rows * stepY + 14);
        g.dispose();
        return image;
    }

    /** The colour of a share of the maximum, 0 to 1; light to dark, readable without telling hues apart. */
    static Color color(double share) {
        double at = Math.clamp(share, 0, 1) * (BLUES.length - 1);
        int from = Math.min((int) at, BLUES.length - 2);
        double t = at - from;
        int rgb = 0;
        for (int shift = 16; shift >= 0; shift -= 8) {
            int a = BLUES[from] >> shift & 0xff;
            int b = BLUES[from + 1] >> shift & 0xff;
            rgb = rgb << 8 | (int) Math.round(a + (b - a) * t);
        }
        return new Color(rgb);
    }

    private static void cells(Graphics2D g, float[][] values, double max, int cell) {
        double gap = cell >= 8 ? 0.5 : 0;
        for (int i = 0; i < values.length; i++) {
            for (int j = 0; j < values[i].length; j++) {
                float value = values[i][j];
                g.setColor(Float.isNaN(value) ? HIDDEN : color(value / max));
                g.fill(new Rectangle2D.Double(j * cell, i * cell, cell - gap, cell - gap));
            }
        }
        g.setColor(FAINT);
        g.setStroke(new BasicStroke(0.5f));
        g.draw(new Rectangle2D.Double(-0.5, -0.5, values[0].length * cell + 0.5, values.length * cell + 0.5));
    }

    private static void numbers(Graphics2D g, float[][] values, double max, int cell) {
        Font small = font(9, false);
        for (int i = 0; i < values.length; i++) {
            for (int j = 0; j < values[i].length; j++) {
                if (values[i][j] >= TEXT_FROM) {
                    String percent = Long.toString(Math.round(values[i][j] * 100));
                    Color ink = values[i][j] / max > 0.55 ? Color.WHITE : INK;
                    text(
                            g,
                            percent,
                            small,
                            ink,
                            j * cell + (cell - width(percent, small)) / 2,
                            i * cell + cell / 2 + 3);
                }
            }
        }
    }

    private static void rowLabels(Graphics2D g, List<String> labels, int cell, Font font) {
        int step = 1 + (labels.size() - 1) / MAX_LABELS;
        for (int i = 0; i < labels.size(); i += step) {
            text(g, labels.get(i), font, INK, -6 - width(labels.get(i), font), i * cell + cell / 2 + 4);
        }
    }

    private static void columnLabels(Graphics2D g, List<String> labels, int cell, int mapHeight, Font font) {
        int step = 1 + (labels.size() - 1) / MAX_LABELS;
        for (int j = 0; j < labels.size(); j += step) {
            int y = mapHeight + 6 + width(labels.get(j), font);
            vertical(g, labels.get(j), font, INK, j * cell + cell / 2 + 4, y);
        }
    }

    private static void bar(Graphics2D g, int x, int height, Spec spec) {
        for (int y = 0; y < height; y++) {
            g.setColor(color(1 - y / (double) height));
            g.fillRect(x, y, BAR, 1);
        }
        Font font = font(10, false);
        text(g, (isExceeded(spec) ? "≥ " : "") + percent(spec.max()), font, FAINT, x + BAR + 4, 9);
        text(g, "0 %", font, FAINT, x + BAR + 4, height);
        vertical(
                g,
                spec.unit(),
                font,
                FAINT,
                x + BAR + 14,
                Math.min(height - 14, height / 2 + width(spec.unit(), font) / 2));
    }

    /** Whether the darkest colour stands for more than its own value. */
    private static boolean isExceeded(Spec spec) {
        for (float[] row : spec.values()) {
            for (float value : row) {
                if (value > spec.max()) {
                    return true;
                }
            }
        }
        return false;
    }

    private static int cellSize(int count) {
        return Math.clamp(460 / count, 4, 26);
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.0f %%", share * 100);
    }

    private static BufferedImage canvas(int width, int height, double scale) {
        return new BufferedImage(
                (int) Math.ceil(width * scale), (int) Math.ceil(height * scale), BufferedImage.TYPE_INT_RGB);
    }

    private static Graphics2D graphics(BufferedImage image, double scale) {
        Graphics2D g = image.createGraphics();
        g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        g.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        g.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
        g.setColor(Color.WHITE);
        g.fillRect(0, 0, image.getWidth(), image.getHeight());
        g.scale(scale, scale);
        return g;
    }

    private static void text(Graphics2D g, String text, Font font, Color color, int x, int y) {
        g.setFont(font);
        g.setColor(color);
        g.drawString(Canvas.drawable(font, text), x, y);
    }

    private static void vertical(Graphics2D g, String text, Font font, Color color, int x, int y) {
        AffineTransform before = g.getTransform();
        g.translate(x, y);
        g.rotate(-Math.PI / 2);
        text(g, text, font, color, 0, 0);
        g.setTransform(before);
    }

    private static Font font(int size, boolean bold) {
        return new Font(Font.SANS_SERIF, bold ? Font.BOLD : Font.PLAIN, size);
    }

    private static int widest(List<String> labels, Font font) {
        return labels.stream().mapToInt(label -> width(label, font)).max().orElse(0);
    }

    private static int width(String text, Font font) {
        Graphics2D g = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB).createGraphics();
        try {
            FontMetrics metrics = g.getFontMetrics(font);
            return metrics.stringWidth(Canvas.drawable(font, text));
        } finally {
            g.dispose();
        }
    }
}
