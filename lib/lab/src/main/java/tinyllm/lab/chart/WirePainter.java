package tinyllm.lab.chart;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.geom.Line2D;
import java.awt.geom.RoundRectangle2D;
import tinyllm.lab.view.Picture;

/** Two rows of boxes and the wires between them, coloured by the box below. */
public final class WirePainter {

    private static final int WIDTH = 680;
    private static final int TOP = 44;
    private static final int BOTTOM = 148;
    private static final int BOX = 30;
    private static final int LEFT = 96;

    private WirePainter() {}

    /**
     * Paints which upper box is wired to which lower one.
     *
     * @param top what the upper row is, such as "query heads"
     * @param bottom what the lower row is
     * @param wires {@code [upper][lower]}, at least one of each
     */
    public static Picture paint(String title, String top, String bottom, boolean[][] wires, String text) {
        if (wires.length == 0 || wires[0].length == 0) {
            throw new IllegalArgumentException("the drawing \"" + title + "\" has no boxes to wire");
        }
        return Canvas.draw(WIDTH, BOTTOM + BOX + 10, text, g -> {
            g.setFont(Theme.bold(13));
            g.drawString(title, 0, 14);
            g.setFont(Theme.font(11));
            g.drawString(top, 0, TOP + BOX / 2 + 4);
            g.drawString(bottom, 0, BOTTOM + BOX / 2 + 4);
            wires(g, wires);
            for (int i = 0; i < wires.length; i++) {
                box(g, i, wires.length, TOP, Theme.CARD);
            }
            for (int j = 0; j < wires[0].length; j++) {
                box(g, j, wires[0].length, BOTTOM, Theme.series(j));
            }
        });
    }

    private static void wires(Graphics2D g, boolean[][] wires) {
        g.setStroke(new BasicStroke(2f));
        for (int i = 0; i < wires.length; i++) {
            for (int j = 0; j < wires[i].length; j++) {
                if (wires[i][j]) {
                    g.setColor(Theme.series(j));
                    g.draw(new Line2D.Double(center(i, wires.length), TOP + BOX, center(j, wires[i].length), BOTTOM));
                }
            }
        }
    }

    private static void box(Graphics2D g, int i, int count, int y, Color fill) {
        double width = Math.min(BOX + 6, (double) (WIDTH - LEFT) / count - 4);
        double x = center(i, count) - width / 2;
        RoundRectangle2D shape = new RoundRectangle2D.Double(x, y, width, BOX, 8, 8);
        g.setColor(fill);
        g.fill(shape);
        g.setStroke(new BasicStroke(1f));
        g.setColor(Theme.FAINT);
        g.draw(shape);
        g.setColor(fill.equals(Theme.CARD) ? Theme.INK : Theme.CARD);
        g.setFont(Theme.bold(12));
        String number = Integer.toString(i);
        g.drawString(
                number, (float) (center(i, count) - g.getFontMetrics().stringWidth(number) / 2.0), y + BOX / 2 + 5);
    }

    private static double center(int i, int count) {
        return LEFT + (i + 0.5) * (WIDTH - LEFT) / count;
    }
}
