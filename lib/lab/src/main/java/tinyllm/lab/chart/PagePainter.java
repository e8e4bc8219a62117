package tinyllm.lab.chart;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.geom.Rectangle2D;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tinyllm.lab.view.Picture;

/** Who has which page at each step, and how much of it is filled: a row for each page, a column for each step. */
public final class PagePainter {

    private static final int WIDTH = 680;
    private static final int LEFT = 52;
    private static final int TOP = 26;
    private static final int ROW = 15;
    private static final int BOTTOM = 52;
    private static final int COLORS = 6;
    private static final int MOST = 64;
    private static final int TICKS = 16;

    private PagePainter() {}

    /**
     * A page at one step.
     *
     * @param filled the share of its rows that hold a token, 0 to 1
     */
    public record Cell(int step, int page, long owner, double filled) {}

    /**
     * @param pages rows of the picture, 1 to 64
     * @param steps columns of the axis
     * @param text one line that says what is to be seen
     */
    public static Picture paint(String title, int pages, int steps, List<Cell> cells, String text) {
        if (pages < 1 || pages > MOST || steps < 1) {
            throw new IllegalArgumentException(
                    "a map has 1 to " + MOST + " pages and a step or more, not " + pages + " and " + steps);
        }
        return Canvas.draw(WIDTH, TOP + pages * ROW + BOTTOM, text, g -> {
            g.setFont(Theme.bold(13));
            g.drawString(title, 0, 13);
            pageNumbers(g, pages);
            cells.forEach(cell -> cell(g, cell, steps));
            owners(g, cells, steps);
            lines(g, pages);
            axis(g, TOP + pages * ROW, steps);
        });
    }

    private static double x(double step, int steps) {
        return LEFT + step * (WIDTH - LEFT) / steps;
    }

    private static void pageNumbers(Graphics2D g, int pages) {
        g.setFont(Theme.font(10));
        g.setColor(Theme.FAINT);
        for (int page = 0; page < pages; page++) {
            String label = page == 0 ? "page 0" : Integer.toString(page);
            g.drawString(label, LEFT - 6 - g.getFontMetrics().stringWidth(label), TOP + page * ROW + 11);
        }
    }

    /** Pale as high as the page, dark as high as it is filled. */
    private static void cell(Graphics2D g, Cell cell, int steps) {
        Color base = Theme.series((int) (cell.owner() % COLORS));
        double left = x(cell.step(), steps);
        double width = x(cell.step() + 1.0, steps) - left;
        double top = TOP + cell.page() * ROW;
        double empty = ROW * (1 - cell.filled());
        g.setColor(pale(base));
        g.fill(new Rectangle2D.Double(left, top, width, ROW));
        g.setColor(middle(base));
        g.fill(new Rectangle2D.Double(left, top + empty, width, ROW - empty));
    }

    private static Color pale(Color c) {
        return mixed(c, 0.18);
    }

    private static Color middle(Color c) {
        return mixed(c, 0.62);
    }

    private static Color mixed(Color c, double share) {
        return new Color(mixed(c.getRed(), share), mixed(c.getGreen(), share), mixed(c.getBlue(), share));
    }

    private static int mixed(int channel, double share) {
        return (int) Math.round(255 - (255 - channel) * share);
    }

    /** The owner's number where it gets a page, if it has it for long enough. */
    private static void owners(Graphics2D g, List<Cell> cells, int steps) {
        Set<Cell> there = new HashSet<>();
        Map<Cell, Integer> held = new HashMap<>();
        for (Cell cell : cells) {
            there.add(key(cell, 0));
        }
        for (Cell cell : cells) {
            if (!there.contains(key(cell, -1))) {
                int length = 1;
                while (there.contains(key(cell, length))) {
                    length++;
                }
                held.put(cell, length);
            }
        }
        g.setFont(Theme.bold(10));
        g.setColor(Theme.INK);
        held.forEach((cell, length) -> {
            String number = Long.toString(cell.owner());
            double left = x(cell.step(), steps);
            if (g.getFontMetrics().stringWidth(number) + 4 <= x(cell.step() + (double) length, steps) - left) {
                g.drawString(number, (float) left + 2, TOP + cell.page() * ROW + 12);
            }
        });
    }

    private static Cell key(Cell cell, int later) {
        return new Cell(cell.step() + later, cell.page(), cell.owner(), 0);
    }

    private static void lines(Graphics2D g, int pages) {
        g.setColor(Theme.GRID);
        g.setStroke(new BasicStroke(1f));
        for (int page = 0; page <= pages; page++) {
            g.drawLine(LEFT, TOP + page * ROW, WIDTH, TOP + page * ROW);
        }
    }

    private static void axis(Graphics2D g, int y, int steps) {
        g.setFont(Theme.font(10));
        g.setColor(Theme.INK);
        int every = 1;
        while (steps > TICKS * every) {
            every = Integer.toString(every).startsWith("2") ? every / 2 * 5 : every * 2; // 1, 2, 5, 10, 20 …
        }
        for (int step = 0; step <= steps; step += every) {
            String label = Integer.toString(step);
            g.drawString(label, (float) (x(step, steps) - g.getFontMetrics().stringWidth(label) / 2.0), y + 12);
        }
        g.setFont(Theme.font(11));
        g.drawString("step", LEFT + (WIDTH - LEFT) / 2 - 12, y + 28);
        g.setColor(Theme.FAINT);
        g.drawString("dark: rows with a token · pale: rows still empty · white: free; numbers are texts", LEFT, y + 44);
    }
}
