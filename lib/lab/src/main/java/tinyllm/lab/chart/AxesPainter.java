package tinyllm.lab.chart;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.geom.Line2D;
import java.awt.geom.Rectangle2D;
import java.util.List;
import java.util.Locale;
import tinyllm.lab.view.Picture;

/** An array of up to three axes as sheets of cells, and below it the same numbers in the order in which memory holds them. */
public final class AxesPainter {

    private static final int CELL_W = 42;
    private static final int CELL_H = 24;
    private static final int SHEET_GAP = 46;
    private static final int LEFT = 96;
    private static final int TOP = 62;
    private static final int STRIP_CELL = 24;
    private static final int MOST = 64;

    private final List<String> names;
    private final int[] sizes;
    private final String[] words;

    private AxesPainter(List<String> names, int[] sizes, double[] values) {
        this.names = names;
        this.sizes = sizes;
        this.words = new String[values.length];
        for (int i = 0; i < words.length; i++) {
            words[i] = values[i] == Math.rint(values[i])
                    ? Long.toString((long) values[i])
                    : String.format(Locale.ROOT, "%.1f", values[i]);
        }
    }

    /**
     * Draws the array.
     *
     * @param names one for each axis
     * @param shape 1 to 3 axes, at most 64 numbers
     * @param values row-major
     */
    public static Picture paint(String title, List<String> names, int[] shape, double[] values, String text) {
        if (shape.length < 1 || shape.length > 3 || names.size() != shape.length) {
            throw new IllegalArgumentException("a drawing of axes needs 1 to 3 axes and a name for each, not "
                    + shape.length + " axes and " + names.size() + " names");
        }
        if (values.length > MOST || values.length == 0) {
            throw new IllegalArgumentException(
                    "a drawing of axes holds 1 to " + MOST + " numbers, not " + values.length);
        }
        int[] three = {1, 1, 1};
        System.arraycopy(shape, 0, three, 3 - shape.length, shape.length);
        AxesPainter painter = new AxesPainter(names, three, values);
        int sheets = LEFT + three[0] * (three[2] * CELL_W + SHEET_GAP);
        int strip = 2 + values.length * STRIP_CELL;
        int width = Math.max(Math.max(sheets, strip), 520);
        int height = TOP + three[1] * CELL_H + 108;
        return Canvas.draw(width, height, text, g -> painter.draw(g, title));
    }

    private void draw(Graphics2D g, String title) {
        g.setFont(Theme.bold(13));
        g.drawString(title, 0, 13);
        for (int s = 0; s < sizes[0]; s++) {
            sheet(g, s);
        }
        axes(g);
        memory(g, TOP + sizes[1] * CELL_H + 46);
    }

    private void sheet(Graphics2D g, int s) {
        int x = left(s);
        for (int r = 0; r < sizes[1]; r++) {
            for (int c = 0; c < sizes[2]; c++) {
                int i = (s * sizes[1] + r) * sizes[2] + c;
                Rectangle2D cell = new Rectangle2D.Double(x + c * CELL_W, TOP + r * CELL_H, CELL_W - 2.0, CELL_H - 2.0);
                g.setColor(shade(s, r));
                g.fill(cell);
                g.setColor(Theme.INK);
                g.setFont(Theme.font(11));
                centred(g, words[i], cell.getCenterX(), cell.getCenterY() + 4);
            }
        }
        if (sizes[0] > 1) {
            g.setColor(Theme.series(0));
            g.setFont(Theme.bold(11));
            centred(g, names.getFirst() + " " + s, x + sizes[2] * CELL_W / 2.0, TOP - 24);
        }
    }

    private int left(int sheet) {
        return LEFT + sheet * (sizes[2] * CELL_W + SHEET_GAP);
    }

    /** The columns' axis above the first sheet, the rows' beside it. */
    private void axes(Graphics2D g) {
        g.setStroke(new BasicStroke(1.4f));
        g.setFont(Theme.font(11));
        int right = left(0) + sizes[2] * CELL_W - 2;
        g.setColor(Theme.series(1));
        arrow(g, left(0), TOP - 8, right, TOP - 8);
        g.drawString(label(2), sizes[0] > 1 ? 0 : left(0), sizes[0] > 1 ? TOP - 5 : TOP - 16);
        if (names.size() > 1) {
            g.setColor(Theme.series(2));
            int bottom = TOP + sizes[1] * CELL_H - 2;
            arrow(g, LEFT - 8, TOP, LEFT - 8, bottom);
            String[] lines = label(1).split(": ", 2);
            g.drawString(lines[0], 0, (TOP + bottom) / 2 - 2);
            g.drawString(lines[1], 0, (TOP + bottom) / 2 + 12);
        }
    }

    /** Of the axis at this place of the three: "axis 1: token, 3". */
    private String label(int place) {
        int axis = place - (3 - names.size());
        return "axis " + axis + ": " + names.get(axis) + ", " + sizes[place];
    }

    private static void arrow(Graphics2D g, int x1, int y1, int x2, int y2) {
        g.draw(new Line2D.Double(x1, y1, x2, y2));
        boolean across = y1 == y2;
        g.draw(new Line2D.Double(x2, y2, across ? x2 - 5 : x2 - 4, across ? y2 - 4 : y2 - 5));
        g.draw(new Line2D.Double(x2, y2, across ? x2 - 5 : x2 + 4, across ? y2 + 4 : y2 - 5));
    }

    private void memory(Graphics2D g, int y) {
        g.setColor(Theme.INK);
        g.setFont(Theme.font(11));
        g.drawString("in memory, one behind the other:", 0, y - 6);
        int perRow = sizes[2];
        for (int i = 0; i < words.length; i++) {
            Rectangle2D cell = new Rectangle2D.Double(i * STRIP_CELL, y, STRIP_CELL - 1.0, 20);
            g.setColor(shade(i / (perRow * sizes[1]), i / perRow % sizes[1]));
            g.fill(cell);
            g.setColor(Theme.INK);
            g.setFont(Theme.font(words[i].length() > 3 ? 8 : 10));
            centred(g, words[i], cell.getCenterX(), y + 14);
        }
        g.setFont(Theme.font(11));
        g.drawString(strides(), 0, y + 38);
    }

    private String strides() {
        StringBuilder out = new StringBuilder("one step along ");
        int stride = 1;
        for (int axis = names.size() - 1; axis >= 0; axis--) {
            out.append(names.get(axis)).append(": ").append(stride);
            out.append(stride == 1 ? " number further" : " further").append(axis > 0 ? ", along " : "");
            stride *= sizes[axis + 3 - names.size()];
        }
        return out.toString();
    }

    /** One colour for each sheet, paler for every second row. */
    private static Color shade(int sheet, int row) {
        Color base = Theme.series(sheet % 6);
        double t = row % 2 == 0 ? 0.42 : 0.22;
        return new Color(mix(base.getRed(), t), mix(base.getGreen(), t), mix(base.getBlue(), t));
    }

    private static int mix(int channel, double t) {
        return (int) Math.round(255 + (channel - 255) * t);
    }

    private static void centred(Graphics2D g, String text, double x, double y) {
        FontMetrics metrics = g.getFontMetrics();
        g.drawString(text, (float) (x - metrics.stringWidth(text) / 2.0), (float) y);
    }
}
