package tinyllm.lab.chart;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.geom.Line2D;
import java.awt.geom.Rectangle2D;
import java.util.List;
import java.util.Locale;
import tinyllm.lab.view.Picture;

/** A text that grows downwards, a row for each token: what the model wanted there, what of it a mask forbids, and how much is left. */
public final class MaskGrid {

    private static final int TITLE = 24;
    private static final int HEAD = 18;
    private static final int ROW = 17;
    private static final int LEFT = 92;
    private static final int CELL = 90;
    private static final int COUNT = 74;
    private static final int SHARE = 96;
    private static final int BELOW = 40;
    private static final Color FORBIDDEN = new Color(0xD5, 0x5E, 0x00);
    private static final Color REMOVED = new Color(0xE8, 0xA0, 0x70);
    private static final Color FORBIDDEN_CELL = new Color(0xFC, 0xE8, 0xDA);

    private MaskGrid() {}

    /** A token that could have come: its label, its probability before the mask, and whether the mask lets it come. */
    public record Wish(String label, double probability, boolean allowed, boolean chosen) {}

    /**
     * One place of the text.
     *
     * @param written the token that came
     * @param wishes the most likely tokens, best first, as many in each line
     * @param allowed tokens that the mask lets come
     * @param removed probability that the mask takes away, 0…1
     */
    public record Line(String written, List<Wish> wishes, int allowed, double removed) {
        public Line {
            wishes = List.copyOf(wishes);
        }
    }

    /** @param below one line under the rows */
    public static Picture paint(String title, List<Line> lines, String below, String text) {
        if (lines.isEmpty()) {
            throw new IllegalArgumentException("a text without tokens has no masks to draw");
        }
        int wishes = lines.getFirst().wishes().size();
        int width = LEFT + wishes * CELL + COUNT + SHARE + 8;
        int height = TITLE + HEAD + ROW * lines.size() + BELOW;
        return Canvas.draw(width, height, text, g -> {
            g.setFont(Theme.bold(13));
            g.drawString(Canvas.drawable(g.getFont(), title), 0, 13);
            head(g, wishes);
            for (int r = 0; r < lines.size(); r++) {
                line(g, lines.get(r), TITLE + HEAD + r * ROW);
            }
            g.setFont(Theme.font(11));
            g.setColor(Theme.INK);
            g.drawString(Canvas.drawable(g.getFont(), below), 0, height - 10);
        });
    }

    private static void head(Graphics2D g, int wishes) {
        g.setFont(Theme.font(10));
        g.setColor(Theme.FAINT);
        int y = TITLE + 12;
        g.drawString("written", LEFT - 8 - g.getFontMetrics().stringWidth("written"), y);
        g.drawString("what the model wanted, the likeliest first", LEFT + 4, y);
        int x = LEFT + wishes * CELL;
        String count = "allowed tokens";
        g.drawString(count, x + COUNT - g.getFontMetrics().stringWidth(count) - 4, y);
        g.drawString("mass removed, %", x + COUNT + 6, y);
    }

    private static void line(Graphics2D g, Line line, int y) {
        g.setFont(Theme.bold(11));
        g.setColor(Theme.INK);
        String written = TextFit.within(g, line.written(), LEFT - 12);
        g.drawString(written, LEFT - 8 - g.getFontMetrics().stringWidth(written), y + 12);
        g.setFont(Theme.font(10));
        for (int c = 0; c < line.wishes().size(); c++) {
            wish(g, line.wishes().get(c), LEFT + c * CELL, y);
        }
        int x = LEFT + line.wishes().size() * CELL;
        g.setColor(Theme.INK);
        String count = String.format(Locale.ROOT, "%,d", line.allowed());
        g.drawString(count, x + COUNT - g.getFontMetrics().stringWidth(count) - 4, y + 12);
        g.setColor(REMOVED);
        g.fill(new Rectangle2D.Double(x + COUNT + 6.0, y + 1.0, (SHARE - 40) * line.removed(), ROW - 3.0));
        g.setColor(Theme.INK);
        g.drawString(percent(line.removed()), x + COUNT + SHARE - 30, y + 12);
    }

    private static String percent(double share) {
        double percent = 100 * share;
        return percent == 0 || percent >= 9.95
                ? String.format(Locale.ROOT, "%.0f", percent)
                : percent < 0.05 ? "< 0.1" : String.format(Locale.ROOT, "%.1f", percent);
    }

    private static void wish(Graphics2D g, Wish wish, int x, int y) {
        g.setColor(wish.allowed() ? mixed(wish.probability()) : FORBIDDEN_CELL);
        g.fill(new Rectangle2D.Double(x, y, CELL - 1.0, ROW - 1.0));
        boolean dark = wish.allowed() && wish.probability() > 0.55;
        g.setColor(wish.allowed() ? dark ? Color.WHITE : Theme.INK : FORBIDDEN);
        String label = TextFit.within(g, wish.label(), CELL - 36);
        g.drawString(label, x + 4, y + 12);
        if (!wish.allowed()) {
            int end = x + 4 + g.getFontMetrics().stringWidth(label);
            g.draw(new Line2D.Double(x + 3.0, y + 8.5, end + 1.0, y + 8.5));
        }
        String share = percent(wish.probability());
        g.drawString(share, x + CELL - 5 - g.getFontMetrics().stringWidth(share), y + 12);
        if (wish.chosen()) {
            g.setColor(Theme.INK);
            g.setStroke(new BasicStroke(1.4f));
            g.draw(new Rectangle2D.Double(x + 0.5, y + 0.5, CELL - 2.0, ROW - 2.0));
            g.setStroke(new BasicStroke(1f));
        }
    }

    /** White at 0, a deep blue at 1. */
    private static Color mixed(double share) {
        double t = Double.isNaN(share) ? 0 : Math.clamp(share, 0, 1);
        return new Color((int) (240 - 240 * t), (int) (244 - (244 - 0x60) * t), (int) (250 - (250 - 0xA0) * t));
    }
}
