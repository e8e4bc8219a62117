package tinyllm.lab.chart;

import java.awt.Graphics2D;
import java.awt.geom.Line2D;
import java.awt.geom.Rectangle2D;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tinyllm.lab.view.Picture;

/** What went on when: a row for each name, a bar for each time that it ran. */
public final class TimelinePainter {

    private static final int WIDTH = 680;
    private static final int TOP = 30;
    private static final int ROW = 24;
    private static final int BOTTOM = 44;
    private static final int MOST_ROWS = 24;

    /** One stretch of time in a row, in milliseconds. */
    public record Bar(int row, double startMs, double ms) {}

    private TimelinePainter() {}

    /**
     * Draws rows of bars over one time axis.
     *
     * @param rows names, 1 to 24
     */
    public static Picture paint(String title, String xLabel, List<String> rows, List<Bar> bars, String text) {
        if (rows.isEmpty() || rows.size() > MOST_ROWS || bars.isEmpty()) {
            throw new IllegalArgumentException("a timeline has 1 to " + MOST_ROWS + " rows and at least one bar, not "
                    + rows.size() + " and " + bars.size());
        }
        int height = TOP + rows.size() * ROW + BOTTOM;
        return Canvas.draw(WIDTH, height, text, g -> draw(g, title, xLabel, rows, bars));
    }

    private static void draw(Graphics2D g, String title, String xLabel, List<String> rows, List<Bar> bars) {
        g.setFont(Theme.bold(13));
        g.drawString(title, (WIDTH - g.getFontMetrics().stringWidth(title)) / 2f, 14);
        g.setFont(Theme.font(11));
        int left = 12
                + rows.stream().mapToInt(g.getFontMetrics()::stringWidth).max().orElse(0);
        int right = WIDTH - 14;
        double end = bars.stream().mapToDouble(b -> b.startMs() + b.ms()).max().orElse(1);
        double scale = (right - left) / Math.max(end, 1e-9);
        int floor = TOP + rows.size() * ROW;
        for (double tick : ticks(end)) {
            double x = left + tick * scale;
            g.setColor(Theme.GRID);
            g.draw(new Line2D.Double(x, TOP, x, floor));
            g.setColor(Theme.INK);
            String name =
                    tick == Math.rint(tick) ? String.format(Locale.ROOT, "%,.0f", tick) : String.valueOf((float) tick);
            g.drawString(name, (float) x - g.getFontMetrics().stringWidth(name) / 2f, floor + 14f);
        }
        for (int i = 0; i < rows.size(); i++) {
            g.setColor(Theme.INK);
            g.drawString(rows.get(i), 0, TOP + i * ROW + 16);
        }
        for (Bar bar : bars) {
            g.setColor(Theme.series(bar.row()));
            double width = Math.max(bar.ms() * scale, 0.4);
            g.fill(new Rectangle2D.Double(left + bar.startMs() * scale, TOP + bar.row() * ROW + 4.0, width, ROW - 8.0));
        }
        g.setColor(Theme.FAINT);
        g.draw(new Rectangle2D.Double(left, TOP, right - left, floor - TOP));
        g.setColor(Theme.INK);
        g.setFont(Theme.font(12));
        g.drawString(xLabel, left + (right - left - g.getFontMetrics().stringWidth(xLabel)) / 2f, floor + 34f);
    }

    /** Five to ten round places. */
    private static List<Double> ticks(double end) {
        double step = Math.pow(10, Math.floor(Math.log10(Math.max(end, 1e-6))));
        step = end / step < 2 ? step / 5 : end / step < 5 ? step / 2 : step;
        List<Double> ticks = new ArrayList<>();
        for (int i = 0; i * step <= end; i++) {
            ticks.add(i * step);
        }
        return ticks;
    }
}
