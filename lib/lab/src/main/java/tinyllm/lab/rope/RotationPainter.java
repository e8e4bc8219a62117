package tinyllm.lab.rope;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Line2D;
import java.util.List;
import tinyllm.lab.chart.Canvas;
import tinyllm.lab.chart.Theme;
import tinyllm.lab.view.Picture;

/** Paints pairs of numbers as hands on dials, one hand per position: the first light, the last dark. */
public final class RotationPainter {

    private static final int RADIUS = 52;
    private static final int STEP = 2 * RADIUS + 34;
    private static final int ACROSS = 4;
    private static final int TITLE = 30;

    private RotationPainter() {}

    /**
     * One dial.
     *
     * @param caption one line above it
     * @param points position to (a, b), drawn at the same length
     */
    public record Dial(String caption, List<double[]> points) {}

    /** Paints the dials beside each other, four in a row. */
    public static Picture paint(String title, List<Dial> dials, String footer, String text) {
        int rows = Math.ceilDiv(dials.size(), ACROSS);
        int width = Math.max(Math.min(dials.size(), ACROSS) * STEP, 8 * title.length());
        return Canvas.draw(width, TITLE + rows * (STEP + 8) + 16, text, g -> {
            g.setFont(Theme.bold(13));
            g.drawString(title, 0, 14);
            for (int i = 0; i < dials.size(); i++) {
                dial(g, dials.get(i), (i % ACROSS) * STEP, TITLE + (i / ACROSS) * (STEP + 8));
            }
            g.setFont(Theme.font(11));
            g.setColor(Theme.FAINT);
            g.drawString(footer, 0, TITLE + rows * (STEP + 8) + 10);
        });
    }

    private static void dial(Graphics2D g, Dial dial, int x, int y) {
        double cx = x + RADIUS + 8;
        double cy = y + RADIUS + 22;
        g.setFont(Theme.font(11));
        g.setColor(Theme.INK);
        g.drawString(dial.caption(), x, y + 10);
        g.setStroke(new BasicStroke(0.8f));
        g.setColor(Theme.GRID);
        g.draw(new Ellipse2D.Double(cx - RADIUS, cy - RADIUS, 2 * RADIUS, 2 * RADIUS));
        g.draw(new Line2D.Double(cx - RADIUS, cy, cx + RADIUS, cy));
        g.draw(new Line2D.Double(cx, cy - RADIUS, cx, cy + RADIUS));
        int last = dial.points().size() - 1;
        for (int p = 0; p <= last; p++) {
            hand(g, dial.points().get(p), cx, cy, last == 0 ? 1 : p / (double) last);
        }
    }

    private static void hand(Graphics2D g, double[] point, double cx, double cy, double share) {
        double length = Math.hypot(point[0], point[1]);
        if (!(length > 0)) {
            return;
        }
        double x = cx + RADIUS * point[0] / length;
        double y = cy - RADIUS * point[1] / length;
        g.setColor(shade(share));
        g.setStroke(new BasicStroke(1.1f));
        g.draw(new Line2D.Double(cx, cy, x, y));
        g.fill(new Ellipse2D.Double(x - 3.2, y - 3.2, 6.4, 6.4));
    }

    /** From light blue to dark blue. */
    private static Color shade(double share) {
        return new Color((int) (0xa6 + (0x08 - 0xa6) * share), (int) (0xce + (0x30 - 0xce) * share), (int)
                (0xf0 + (0x6b - 0xf0) * share));
    }
}
