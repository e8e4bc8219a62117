package tinyllm.lab.chart;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.geom.Rectangle2D;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tinyllm.lab.view.Picture;

/** Who holds which slot at each step: a row for each slot, a column for each step, one picture for several runs on one axis. */
public final class SlotPainter {

    private static final int WIDTH = 680;
    private static final int LEFT = 44;
    private static final int TOP = 26;
    private static final int NAME = 20;
    private static final int ROW = 15;
    private static final int GAP = 8;
    private static final int BOTTOM = 52;
    private static final int COLORS = 6;
    private static final int MOST = 64;

    private SlotPainter() {}

    /**
     * What one request did in one step.
     *
     * @param reads true while it reads its prompt, false while it writes
     * @param tokens that passed; 0 where it only held its slot
     */
    public record Cell(int step, int slot, long request, boolean reads, int tokens) {}

    /** One run: its name, how many slots it has, and who did what. */
    public record Strip(String name, int slots, List<Cell> cells) {}

    /**
     * @param steps columns of the axis, at least as many as the longest run has
     * @param text one line that says what is to be seen
     */
    public static Picture paint(String title, List<Strip> strips, int steps, String text) {
        int rows = strips.stream().mapToInt(Strip::slots).sum();
        if (rows < 1 || rows > MOST || steps < 1) {
            throw new IllegalArgumentException(
                    "a timeline has 1 to " + MOST + " slots and a step or more, not " + rows + " and " + steps);
        }
        int height = TOP + strips.size() * (NAME + GAP) + rows * ROW + BOTTOM;
        return Canvas.draw(WIDTH, height, text, g -> {
            g.setFont(Theme.bold(13));
            g.drawString(title, 0, 13);
            int y = TOP;
            for (Strip strip : strips) {
                strip(g, strip, y, steps);
                y += NAME + strip.slots() * ROW + GAP;
            }
            axis(g, y, steps);
        });
    }

    private static double x(double step, int steps) {
        return LEFT + step * (WIDTH - LEFT) / steps;
    }

    private static void strip(Graphics2D g, Strip strip, int top, int steps) {
        g.setColor(Theme.INK);
        g.setFont(Theme.font(12));
        g.drawString(strip.name(), LEFT, top + 13);
        int y = top + NAME;
        g.setFont(Theme.font(10));
        for (int slot = 0; slot < strip.slots(); slot++) {
            g.setColor(Theme.FAINT);
            String label = slot == 0 ? "slot 0" : Integer.toString(slot);
            g.drawString(label, LEFT - 6 - g.getFontMetrics().stringWidth(label), y + slot * ROW + 11);
        }
        strip.cells().forEach(cell -> cell(g, cell, y, steps));
        strip.cells().stream()
                .filter(cell -> at(strip, cell, cell.step() - 1) == null)
                .forEach(cell -> label(g, strip, cell, y, steps));
        g.setColor(Theme.GRID);
        g.setStroke(new BasicStroke(1f));
        for (int slot = 0; slot <= strip.slots(); slot++) {
            g.drawLine(LEFT, y + slot * ROW, WIDTH, y + slot * ROW);
        }
    }

    private static void cell(Graphics2D g, Cell cell, int y, int steps) {
        Color base = Theme.series((int) (cell.request() % COLORS));
        g.setColor(cell.tokens() == 0 ? Theme.GRID : cell.reads() ? base : pale(base));
        double left = x(cell.step(), steps);
        g.fill(new Rectangle2D.Double(left, y + cell.slot() * ROW, x(cell.step() + 1.0, steps) - left, ROW));
    }

    private static Color pale(Color base) {
        return new Color(pale(base.getRed()), pale(base.getGreen()), pale(base.getBlue()));
    }

    private static int pale(int channel) {
        return 255 - (255 - channel) * 2 / 5;
    }

    /** What a cell's request did in the same slot in another step; null when it was not there. */
    private static @Nullable Cell at(Strip strip, Cell like, int step) {
        for (Cell cell : strip.cells()) {
            if (cell.step() == step && cell.slot() == like.slot() && cell.request() == like.request()) {
                return cell;
            }
        }
        return null;
    }

    /** The request's number behind the steps in which it read, where there is room. */
    private static void label(Graphics2D g, Strip strip, Cell first, int y, int steps) {
        int read = first.step();
        int end = first.step();
        for (Cell cell = first; cell != null; cell = at(strip, first, end)) {
            end++;
            read = cell.reads() ? end : read;
        }
        String number = Long.toString(first.request());
        g.setFont(Theme.bold(10));
        if (g.getFontMetrics().stringWidth(number) + 3 <= x(end, steps) - x(read, steps)) {
            g.setColor(Theme.INK);
            g.drawString(number, (float) x(read, steps) + 2, y + first.slot() * ROW + 12);
        }
    }

    private static void axis(Graphics2D g, int y, int steps) {
        g.setFont(Theme.font(10));
        g.setColor(Theme.INK);
        int every = Math.max(1, tick(steps));
        for (int step = 0; step <= steps; step += every) {
            String label = Integer.toString(step);
            g.drawString(label, (float) (x(step, steps) - g.getFontMetrics().stringWidth(label) / 2.0), y + 6);
        }
        g.setFont(Theme.font(11));
        g.drawString("step of the engine", LEFT + (WIDTH - LEFT) / 2 - 48, y + 22);
        g.setColor(Theme.FAINT);
        g.drawString(
                "dark: reads its prompt · pale: writes a token · grey: waits in its slot · white: nobody; numbers are requests",
                LEFT,
                y + 40);
    }

    /** 1, 2 or 5 times a power of ten, for ten to twenty marks at most. */
    private static int tick(int steps) {
        for (int power = 1; ; power *= 10) {
            for (int digit : new int[] {1, 2, 5}) {
                if (steps <= 16 * digit * power) {
                    return digit * power;
                }
            }
        }
    }
}
