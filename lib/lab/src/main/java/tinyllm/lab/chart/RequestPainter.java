package tinyllm.lab.chart;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.geom.Line2D;
import java.awt.geom.Rectangle2D;
import java.util.List;
import java.util.Locale;
import tinyllm.lab.view.Picture;

/** Requests over time: a bar for each, from its arrival over waiting, reading and writing to its end; several runs on one axis. */
public final class RequestPainter {

    private static final int WIDTH = 680;
    private static final int LEFT = 30;
    private static final int TOP = 26;
    private static final int NAME = 20;
    private static final int GAP = 10;
    private static final int BOTTOM = 62;
    private static final int MOST = 96;
    private static final int TALL = 13;
    private static final int FLAT = 9;
    private static final int FEW = 16;
    private static final Color WAITS = new Color(0xC8, 0xC8, 0xC8);

    private RequestPainter() {}

    /**
     * One request, in seconds.
     *
     * @param began when the first of its prompt was read; NaN when it never was
     * @param first when its first token was there; NaN without one
     * @param ended when it ended; NaN while it has not
     * @param cancelled whether its client left
     */
    public record Bar(double arrived, double began, double first, double ended, boolean cancelled) {}

    /** One run: its name and its requests, in the order of arrival. */
    public record Strip(String name, List<Bar> bars) {}

    /** @param title what is found */
    public static Picture paint(String title, List<Strip> strips) {
        int rows = strips.stream().mapToInt(strip -> strip.bars().size()).sum();
        if (rows < 1 || rows > MOST) {
            throw new IllegalArgumentException("a picture of requests has 1 to " + MOST + " of them, not " + rows);
        }
        double end = strips.stream()
                .flatMap(strip -> strip.bars().stream())
                .mapToDouble(RequestPainter::end)
                .max()
                .orElse(1);
        int row = rows <= FEW ? TALL : FLAT;
        int height = TOP + strips.size() * (NAME + GAP) + rows * row + BOTTOM;
        return Canvas.draw(WIDTH, height, text(title, strips), g -> {
            g.setFont(Theme.bold(13));
            g.drawString(title, 0, 13);
            int y = TOP;
            for (Strip strip : strips) {
                strip(g, strip, y, row, end);
                y += NAME + strip.bars().size() * row + GAP;
            }
            axis(g, y, end);
            legend(g, y + 46);
        });
    }

    private static String text(String title, List<Strip> strips) {
        StringBuilder text = new StringBuilder(title).append('.');
        for (Strip strip : strips) {
            long left = strip.bars().stream().filter(Bar::cancelled).count();
            text.append(' ')
                    .append(strip.name())
                    .append(": ")
                    .append(strip.bars().size())
                    .append(" requests, ")
                    .append(left)
                    .append(" left early.");
        }
        return text.toString();
    }

    private static double end(Bar bar) {
        return Double.isFinite(bar.ended()) ? bar.ended() : bar.arrived();
    }

    private static double x(double seconds, double end) {
        return LEFT + seconds * (WIDTH - LEFT - 8) / Math.max(end, 1e-9);
    }

    private static void strip(Graphics2D g, Strip strip, int top, int row, double end) {
        g.setColor(Theme.INK);
        g.setFont(Theme.font(12));
        g.drawString(strip.name(), LEFT, top + 13);
        int y = top + NAME;
        int height = strip.bars().size() * row;
        g.setColor(Theme.GRID);
        double tick = tick(end);
        for (int i = 0; i * tick <= end; i++) {
            g.draw(new Line2D.Double(x(i * tick, end), y, x(i * tick, end), y + height));
        }
        g.setFont(Theme.font(9));
        for (int i = 0; i < strip.bars().size(); i++) {
            if (i % 5 == 0) {
                g.setColor(Theme.FAINT);
                String number = Integer.toString(i);
                g.drawString(number, LEFT - 6 - g.getFontMetrics().stringWidth(number), y + i * row + row - 2);
            }
            bar(g, strip.bars().get(i), y + i * row, row, end);
        }
    }

    private static void bar(Graphics2D g, Bar bar, int y, int row, double end) {
        double over = end(bar);
        double began = Double.isNaN(bar.began()) ? over : bar.began();
        double first = Double.isNaN(bar.first()) ? over : bar.first();
        stretch(g, WAITS, bar.arrived(), Math.min(began, over), y, row, end);
        stretch(g, Theme.series(0), began, Math.min(first, over), y, row, end);
        stretch(g, pale(Theme.series(0)), first, over, y, row, end);
        if (bar.cancelled()) {
            cross(g, x(over, end), y + row / 2.0);
        }
    }

    private static void stretch(Graphics2D g, Color color, double from, double to, int y, int row, double end) {
        if (to > from) {
            g.setColor(color);
            double left = x(from, end);
            g.fill(new Rectangle2D.Double(left, y + 1.0, Math.max(0.5, x(to, end) - left), row - 2.0));
        }
    }

    private static void cross(Graphics2D g, double x, double y) {
        g.setColor(Theme.GUESS);
        g.setStroke(new BasicStroke(1.8f));
        g.draw(new Line2D.Double(x - 3, y - 3, x + 3, y + 3));
        g.draw(new Line2D.Double(x - 3, y + 3, x + 3, y - 3));
        g.setStroke(new BasicStroke(1f));
    }

    private static Color pale(Color base) {
        return new Color(pale(base.getRed()), pale(base.getGreen()), pale(base.getBlue()));
    }

    private static int pale(int channel) {
        return 255 - (255 - channel) * 2 / 5;
    }

    private static void axis(Graphics2D g, int y, double end) {
        g.setFont(Theme.font(10));
        g.setColor(Theme.INK);
        double tick = tick(end);
        for (int i = 0; i * tick <= end; i++) {
            String label =
                    tick < 1 ? String.format(Locale.ROOT, "%.1f", i * tick) : Long.toString(Math.round(i * tick));
            g.drawString(label, (float) (x(i * tick, end) - g.getFontMetrics().stringWidth(label) / 2.0), y + 4);
        }
        g.setFont(Theme.font(11));
        String label = "seconds since the first request came; numbers on the left are requests";
        g.drawString(label, LEFT + (WIDTH - LEFT - g.getFontMetrics().stringWidth(label)) / 2, y + 22);
    }

    private static void legend(Graphics2D g, int y) {
        g.setFont(Theme.font(11));
        int x = LEFT;
        x = sample(g, WAITS, "waits", x, y);
        x = sample(g, Theme.series(0), "its prompt is read", x, y);
        x = sample(g, pale(Theme.series(0)), "writes", x, y);
        cross(g, x + 5, y - 4.0);
        g.setColor(Theme.INK);
        g.drawString("the client left", x + 14, y);
    }

    private static int sample(Graphics2D g, Color color, String name, int x, int y) {
        g.setColor(color);
        g.fillRect(x, y - 9, 22, 10);
        g.setColor(Theme.INK);
        g.drawString(name, x + 27, y);
        return x + 27 + g.getFontMetrics().stringWidth(name) + 18;
    }

    /** 1, 2 or 5 times a power of ten, for at most twelve marks. */
    private static double tick(double end) {
        for (double power = 0.1; ; power *= 10) {
            for (int digit : new int[] {1, 2, 5}) {
                if (end <= 12 * digit * power) {
                    return digit * power;
                }
            }
        }
    }
}
