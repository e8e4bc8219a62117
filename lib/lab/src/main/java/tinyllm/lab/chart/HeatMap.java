package tinyllm.lab.chart;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.geom.AffineTransform;
import java.awt.geom.Rectangle2D;
import java.util.List;

/**
 * One matrix as coloured cells, row 0 at the top, with labels beside and below. Beyond 25 labels only every second, fifth … is
 * written. XChart's own heat map counts rows from below and has no grid of maps under one scale.
 */
final class HeatMap {

    private static final int MAX_TICKS = 25;
    private static final double GAP = 4;
    private static final int MAX_LABEL = 12;

    private final float[][] values;
    private final List<String> rows;
    private final List<String> columns;
    private final Scale scale;
    private final Font font = Theme.font(10);

    HeatMap(float[][] values, List<String> rows, List<String> columns, Scale scale) {
        this.values = values;
        this.rows = rows.stream().map(this::shortened).toList();
        this.columns = columns.stream().map(this::shortened).toList();
        this.scale = scale;
    }

    int rowCount() {
        return values.length;
    }

    int columnCount() {
        return values.length == 0 ? 0 : values[0].length;
    }

    /** Room for the row labels on the left. */
    double left(Graphics2D g) {
        return width(g, rows) + 2 * GAP;
    }

    /** Room for the column labels, which are written upwards. */
    double bottom(Graphics2D g) {
        return width(g, columns) + 2 * GAP;
    }

    /** Paints the cells into the box, and the labels outside of it. */
    void paint(Graphics2D g, Rectangle2D box) {
        double w = box.getWidth() / columnCount();
        double h = box.getHeight() / rowCount();
        for (int r = 0; r < rowCount(); r++) {
            for (int c = 0; c < columnCount(); c++) {
                g.setColor(scale.color(values[r][c]));
                // A little larger than the cell, so that no seams show.
                g.fill(new Rectangle2D.Double(box.getX() + c * w, box.getY() + r * h, w + 0.3, h + 0.3));
            }
        }
        g.setColor(Theme.FAINT);
        g.draw(box);
        labels(g, box, w, h);
    }

    private void labels(Graphics2D g, Rectangle2D box, double w, double h) {
        g.setFont(font);
        g.setColor(Theme.INK);
        double middle = g.getFontMetrics().getAscent() / 2.0 - 1;
        int stepR = step(rows.size());
        for (int r = 0; r < rows.size(); r += stepR) {
            float x = (float) (box.getX() - GAP - g.getFontMetrics().stringWidth(rows.get(r)));
            g.drawString(rows.get(r), x, (float) (box.getY() + (r + 0.5) * h + middle));
        }
        AffineTransform upright = g.getTransform();
        int stepC = step(columns.size());
        for (int c = 0; c < columns.size(); c += stepC) {
            g.translate(box.getX() + (c + 0.5) * w + middle, box.getMaxY() + GAP);
            g.rotate(-Math.PI / 2);
            g.drawString(columns.get(c), (float) -g.getFontMetrics().stringWidth(columns.get(c)), 0);
            g.setTransform(upright);
        }
    }

    /** Every how many labels one is written: 1, 2, 5, 10, 20, 50 … */
    static int step(int labels) {
        int step = 1;
        for (int i = 0; Math.ceilDiv(labels, step) > MAX_TICKS; i++) {
            step = i % 3 == 1 ? step / 2 * 5 : step * 2;
        }
        return step;
    }

    private double width(Graphics2D g, List<String> labels) {
        return labels.stream()
                .mapToInt(g.getFontMetrics(font)::stringWidth)
                .max()
                .orElse(0);
    }

    private String shortened(String label) {
        String drawable = Canvas.drawable(font, label);
        return drawable.length() <= MAX_LABEL ? drawable : drawable.substring(0, MAX_LABEL - 1) + "…";
    }

    /** Which number is which colour. */
    record Scale(double low, double high, ColorMap map) {

        Color color(double value) {
            if (Double.isNaN(value) || Double.isInfinite(value)) {
                return ColorMap.MISSING;
            }
            return map.at(high == low ? 0.5 : (value - low) / (high - low));
        }

        /** From the smallest to the largest finite value; around zero when asked. */
        static Scale of(float[][] values, ColorMap map) {
            double low = Double.POSITIVE_INFINITY;
            double high = Double.NEGATIVE_INFINITY;
            for (float[] row : values) {
                for (float v : row) {
                    if (Float.isFinite(v)) {
                        low = Math.min(low, v);
                        high = Math.max(high, v);
                    }
                }
            }
            if (low > high) {
                return new Scale(0, 0, map);
            }
            double reach = Math.max(Math.abs(low), Math.abs(high));
            return map == ColorMap.AROUND_ZERO ? new Scale(-reach, reach, map) : new Scale(low, high, map);
        }
    }
}
