package tinyllm.lab.chart;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.geom.Rectangle2D;
import tinyllm.lab.view.Picture;

/** A buffer as a line of cells, once for each moment: which lane touches which element then. Vertical lines bound transactions. */
public final class TouchPainter {

    private static final int LEFT = 62;
    private static final int TOP = 30;
    private static final int WIDTH = 640;
    private static final int ROW = 18;
    private static final int LANES = 32;

    private TouchPainter() {}

    /**
     * @param lanes the lane, or -1 for none; {@code [moments][elements]}
     * @param segment elements of a transaction of 128 bytes
     */
    public static Picture paint(String title, String buffer, int[][] lanes, int segment, String text) {
        int elements = lanes[0].length;
        int bottom = TOP + lanes.length * ROW;
        double cell = (double) WIDTH / elements;
        return Canvas.draw(LEFT + WIDTH + 20, bottom + 84, text, g -> {
            g.setFont(Theme.bold(13));
            g.drawString(title, 0, 14);
            g.setFont(Theme.font(11));
            for (int moment = 0; moment < lanes.length; moment++) {
                row(g, moment, lanes[moment], cell);
            }
            g.setColor(Theme.FAINT);
            for (int e = 0; e <= elements; e += segment) {
                double x = LEFT + e * cell;
                g.draw(new Rectangle2D.Double(x, TOP, 0, bottom - TOP - 4.0));
                g.drawString(Integer.toString(e), (float) x - 6, bottom + 12);
            }
            g.setColor(Theme.INK);
            g.drawString("moment", 0, TOP - 4);
            g.drawString(
                    "element of " + buffer + "; between two lines lies one transaction of 128 bytes",
                    LEFT,
                    bottom + 30);
            legend(g, bottom + 44);
        });
    }

    private static void row(Graphics2D g, int moment, int[] lanes, double cell) {
        int y = TOP + moment * ROW;
        g.setColor(Theme.INK);
        g.drawString(Integer.toString(moment), LEFT - 24, y + 11);
        g.setColor(new Color(0xF2, 0xF2, 0xF2));
        g.fill(new Rectangle2D.Double(LEFT, y, cell * lanes.length, ROW - 4.0));
        for (int e = 0; e < lanes.length; e++) {
            if (lanes[e] >= 0) {
                g.setColor(color(lanes[e]));
                g.fill(new Rectangle2D.Double(LEFT + e * cell, y, Math.max(cell, 2), ROW - 4.0));
            }
        }
    }

    private static void legend(Graphics2D g, int y) {
        g.drawString("lane 0", LEFT, y + 11);
        for (int lane = 0; lane < LANES; lane++) {
            g.setColor(color(lane));
            g.fill(new Rectangle2D.Double(LEFT + 44 + lane * 6.0, y, 6, 14));
        }
        g.setColor(Theme.INK);
        g.drawString("lane 31", LEFT + 44 + LANES * 6 + 6, y + 11);
    }

    private static Color color(int lane) {
        return ColorMap.RISING.at((double) (lane % LANES) / (LANES - 1) * 0.9);
    }
}
