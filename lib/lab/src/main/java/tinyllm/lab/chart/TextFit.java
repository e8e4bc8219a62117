package tinyllm.lab.chart;

import java.awt.Graphics2D;

/** Text that has to stay within some pixels. */
final class TextFit {

    private TextFit() {}

    /** The text as the current font can draw it, cut and ended by "…" where it is too wide. */
    static String within(Graphics2D g, String text, int width) {
        String shown = Canvas.drawable(g.getFont(), text);
        while (shown.length() > 1 && g.getFontMetrics().stringWidth(shown) > width) {
            shown = shown.substring(0, shown.length() - (shown.endsWith("…") ? 2 : 1)) + "…";
        }
        return shown;
    }
}
