package tinyllm.lab.chart;

import java.awt.BasicStroke;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Line2D;
import java.awt.geom.Rectangle2D;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tinyllm.lab.view.Picture;

/** A roofline: both axes logarithmic, the machine's roof, and under it marks with their names beside them. */
public final class RoofPainter {

    private static final int WIDTH = 660;
    private static final int HEIGHT = 400;
    private static final int LEFT = 66;
    private static final int RIGHT = 12;
    private static final int TOP = 44;
    private static final int BOTTOM = 48;
    private static final double RADIUS = 5;

    /** How far below its mark a name may stand, the nearest first. */
    private static final int[] SHIFTS = {0, 14, -14, 28, -28, 42, -42, 56, -56, 70, -70};

    /**
     * One piece of work.
     *
     * @param group marks of a group have one colour
     * @param opsPerByte above 0
     * @param gflops above 0
     */
    public record Mark(String name, int group, double opsPerByte, double gflops) {}

    private final double peakGflops;
    private final double peakGbs;
    private final List<Mark> marks;
    private final double[] x;
    private final double[] y;
    private final List<Rectangle2D> taken = new ArrayList<>();

    private RoofPainter(double peakGflops, double peakGbs, List<Mark> marks) {
        this.peakGflops = peakGflops;
        this.peakGbs = peakGbs;
        this.marks = marks;
        double ridge = peakGflops / peakGbs;
        this.x = decades(
                Math.min(
                                ridge / 10,
                                marks.stream()
                                        .mapToDouble(Mark::opsPerByte)
                                        .min()
                                        .orElse(ridge))
                        / 1.3,
                Math.max(
                                ridge * 10,
                                marks.stream()
                                        .mapToDouble(Mark::opsPerByte)
                                        .max()
                                        .orElse(ridge))
                        * 1.3);
        this.y = decades(
                Math.min(
                                peakGflops / 10,
                                marks.stream().mapToDouble(Mark::gflops).min().orElse(peakGflops))
                        / 1.5,
                Math.max(
                                peakGflops,
                                marks.stream().mapToDouble(Mark::gflops).max().orElse(peakGflops))
                        * 1.8);
    }

    private static double[] decades(double low, double high) {
        return new double[] {Math.log10(low), Math.log10(high)};
    }

    /**
     * Draws the roof and what is under it.
     *
     * @param marks at least one
     * @param groups names of the groups, shown when there are two or more
     */
    public static Picture paint(
            String title, double peakGflops, double peakGbs, List<Mark> marks, List<String> groups, String text) {
        if (marks.isEmpty() || marks.stream().anyMatch(m -> !(m.opsPerByte() > 0) || !(m.gflops() > 0))) {
            throw new IllegalArgumentException("a roofline needs marks, each with more than 0 operations and bytes");
        }
        RoofPainter painter = new RoofPainter(peakGflops, peakGbs, List.copyOf(marks));
        return Canvas.draw(WIDTH, HEIGHT, text, g -> painter.draw(g, title, groups));
    }

    private void draw(Graphics2D g, String title, List<String> groups) {
        g.setFont(Theme.bold(13));
        g.drawString(title, (WIDTH - g.getFontMetrics().stringWidth(title)) / 2f, 14);
        grid(g);
        roof(g);
        legend(g, groups);
        for (Mark mark : marks) {
            double px = px(mark.opsPerByte());
            double py = py(mark.gflops());
            g.setColor(Theme.series(mark.group()));
            g.fill(new Ellipse2D.Double(px - RADIUS, py - RADIUS, 2 * RADIUS, 2 * RADIUS));
            taken.add(new Rectangle2D.Double(px - RADIUS, py - RADIUS, 2 * RADIUS, 2 * RADIUS));
        }
        g.setFont(Theme.font(11));
        for (Mark mark : marks) {
            label(g, mark);
        }
    }

    private double px(double opsPerByte) {
        return LEFT + (Math.log10(opsPerByte) - x[0]) / (x[1] - x[0]) * (WIDTH - LEFT - RIGHT);
    }

    private double py(double gflops) {
        return HEIGHT - BOTTOM - (Math.log10(gflops) - y[0]) / (y[1] - y[0]) * (HEIGHT - TOP - BOTTOM);
    }

    private void grid(Graphics2D g) {
        g.setStroke(new BasicStroke(1));
        g.setFont(Theme.font(11));
        for (double tick : ticks(x)) {
            g.setColor(Theme.GRID);
            g.draw(new Line2D.Double(px(tick), TOP, px(tick), HEIGHT - BOTTOM));
            g.setColor(Theme.INK);
            centred(g, number(tick), px(tick), HEIGHT - BOTTOM + 15);
        }
        for (double tick : ticks(y)) {
            g.setColor(Theme.GRID);
            g.draw(new Line2D.Double(LEFT, py(tick), WIDTH - RIGHT, py(tick)));
            g.setColor(Theme.INK);
            String name = number(tick);
            g.drawString(name, LEFT - 6f - g.getFontMetrics().stringWidth(name), (float) py(tick) + 4);
        }
        g.setColor(Theme.FAINT);
        g.draw(new Rectangle2D.Double(LEFT, TOP, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM));
        g.setColor(Theme.INK);
        g.setFont(Theme.font(12));
        centred(g, "operations per byte", LEFT + (WIDTH - LEFT - RIGHT) / 2.0, HEIGHT - 10);
        var upright = g.getTransform();
        g.rotate(-Math.PI / 2);
        centred(g, "GFLOP/s", -(TOP + (HEIGHT - TOP - BOTTOM) / 2.0), 14);
        g.setTransform(upright);
    }

    /** 1, 2 and 5 of each decade, or the decades alone where there are many. */
    private static List<Double> ticks(double[] range) {
        List<Double> ticks = new ArrayList<>();
        double[] steps = range[1] - range[0] > 2.5 ? new double[] {1} : new double[] {1, 2, 5};
        for (int decade = (int) Math.floor(range[0]); decade <= range[1]; decade++) {
            for (double step : steps) {
                double value = step * Math.pow(10, decade);
                if (Math.log10(value) >= range[0] && Math.log10(value) <= range[1]) {
                    ticks.add(value);
                }
            }
        }
        return ticks;
    }

    private static String number(double value) {
        return value >= 1
                ? String.format(Locale.ROOT, "%,.0f", value)
                : String.format(Locale.ROOT, "%s", (float) value);
    }

    private void roof(Graphics2D g) {
        double ridge = peakGflops / peakGbs;
        g.setColor(Theme.INK);
        g.setStroke(new BasicStroke(2f));
        double low = Math.max(Math.pow(10, x[0]), Math.pow(10, y[0]) / peakGbs);
        g.draw(new Line2D.Double(px(low), py(low * peakGbs), px(ridge), py(peakGflops)));
        g.draw(new Line2D.Double(px(ridge), py(peakGflops), WIDTH - RIGHT, py(peakGflops)));
        g.setFont(Theme.font(11));
        String flat = String.format(Locale.ROOT, "%.0f GFLOP/s", peakGflops);
        float end = WIDTH - RIGHT - 4f - g.getFontMetrics().stringWidth(flat);
        g.drawString(flat, end, (float) py(peakGflops) - 5);
        double place = Math.sqrt(low * ridge);
        var upright = g.getTransform();
        g.translate(px(place), py(place * peakGbs));
        g.rotate(Math.atan2(py(peakGflops) - py(low * peakGbs), px(ridge) - px(low)));
        centred(g, String.format(Locale.ROOT, "%.1f GB/s", peakGbs), 0, -6);
        g.setTransform(upright);
    }

    private void legend(Graphics2D g, List<String> groups) {
        if (groups.size() < 2) {
            return;
        }
        g.setFont(Theme.font(11));
        float at = LEFT;
        for (int i = 0; i < groups.size(); i++) {
            g.setColor(Theme.series(i));
            g.fill(new Ellipse2D.Double(at, 24, 2 * RADIUS, 2 * RADIUS));
            g.setColor(Theme.INK);
            g.drawString(groups.get(i), at + 14, 34);
            at += 30 + g.getFontMetrics().stringWidth(groups.get(i));
        }
    }

    /** Beside its mark, or at the nearest free place with a line to it. */
    private void label(Graphics2D g, Mark mark) {
        FontMetrics metrics = g.getFontMetrics();
        double w = metrics.stringWidth(mark.name());
        double px = px(mark.opsPerByte());
        double py = py(mark.gflops());
        Rectangle2D box = null;
        for (int shift : SHIFTS) {
            for (double left : new double[] {px + 10, px - 10 - w}) {
                Rectangle2D trial = new Rectangle2D.Double(left, py - 7 + shift, w, 13);
                boolean inside = trial.getMinX() > LEFT + 2
                        && trial.getMaxX() < WIDTH - RIGHT
                        && trial.getMinY() > TOP
                        && trial.getMaxY() < HEIGHT - BOTTOM;
                if (box == null && inside && taken.stream().noneMatch(trial::intersects)) {
                    box = trial;
                }
            }
        }
        if (box == null) {
            return; // nowhere to put it: the text below the picture has it
        }
        taken.add(box);
        g.setColor(Theme.series(mark.group()));
        g.drawString(mark.name(), (float) box.getX(), (float) box.getY() + 11);
        if (Math.abs(box.getCenterY() - py) > 8) {
            g.setStroke(new BasicStroke(0.6f));
            double end = box.getX() > px ? box.getX() - 2 : box.getMaxX() + 2;
            g.draw(new Line2D.Double(px, py, end, box.getCenterY()));
        }
    }

    private static void centred(Graphics2D g, String text, double x, double y) {
        g.drawString(text, (float) (x - g.getFontMetrics().stringWidth(text) / 2.0), (float) y);
    }
}
