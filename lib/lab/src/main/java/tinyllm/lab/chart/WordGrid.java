package tinyllm.lab.chart;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.geom.Rectangle2D;
import java.util.List;
import tinyllm.lab.view.Picture;

/** A grid of words, each on the colour of its share: row 0 at the top. */
public final class WordGrid {

    private static final int TITLE = 24;
    private static final int ROW = 17;
    private static final int LEFT = 86;
    private static final int WIDTH = 640;
    private static final int WIDEST = 110;
    private static final int BELOW = 58;

    private WordGrid() {}

    /** One cell: what is written, and how strongly it is coloured, 0…1. */
    public record Word(String text, double share) {}

    /**
     * Draws the grid.
     *
     * @param rows one label for each row
     * @param columns one label for each column
     * @param words rows of equally many words
     * @param rowAxis what the rows are; the columns' axis and the colours are said in the line below
     * @param below one line under the columns' labels
     */
    public static Picture paint(
            String title,
            List<String> rows,
            List<String> columns,
            List<List<Word>> words,
            String rowAxis,
            String below,
            String text) {
        if (rows.isEmpty() || words.size() != rows.size()) {
            throw new IllegalArgumentException(
                    "a grid of words has a label for each row: " + rows.size() + " labels, " + words.size() + " rows");
        }
        for (List<Word> row : words) {
            if (row.size() != columns.size() || row.isEmpty()) {
                throw new IllegalArgumentException(
                        "a row of the grid has " + row.size() + " words, but there are " + columns.size() + " columns");
            }
        }
        int cell = Math.min(WIDEST, (WIDTH - LEFT) / columns.size());
        int width = Math.max(LEFT + cell * columns.size(), WIDTH);
        int height = TITLE + ROW * rows.size() + BELOW;
        return Canvas.draw(width, height, text, g -> {
            g.setFont(Theme.bold(13));
            g.drawString(Canvas.drawable(g.getFont(), title), 0, 13);
            for (int r = 0; r < rows.size(); r++) {
                row(g, rows.get(r), words.get(r), TITLE + r * ROW, cell);
            }
            int bottom = TITLE + ROW * rows.size();
            g.setColor(Theme.INK);
            for (int c = 0; c < columns.size(); c++) {
                g.setFont(Theme.bold(11));
                centred(g, columns.get(c), LEFT + c * cell, cell, bottom + 16);
            }
            g.setFont(Theme.font(11));
            g.drawString(rowAxis, 0, bottom + 16);
            g.drawString(Canvas.drawable(g.getFont(), below), 0, bottom + 42);
        });
    }

    private static void row(Graphics2D g, String label, List<Word> words, int y, int cell) {
        g.setFont(Theme.font(10));
        g.setColor(Theme.INK);
        g.drawString(label, LEFT - 8 - g.getFontMetrics().stringWidth(label), y + 12);
        for (int c = 0; c < words.size(); c++) {
            Word word = words.get(c);
            Color color = mixed(word.share());
            g.setColor(color);
            g.fill(new Rectangle2D.Double(LEFT + c * (double) cell, y, cell - 1.0, ROW - 1.0));
            g.setColor(word.share() > 0.55 ? Color.WHITE : Theme.INK);
            centred(g, word.text(), LEFT + c * cell, cell, y + 12);
        }
    }

    /** White at 0, a deep blue at 1. */
    private static Color mixed(double share) {
        double t = Double.isNaN(share) ? 0 : Math.clamp(share, 0, 1);
        return new Color((int) (247 - 247 * t), (int) (247 - (247 - 0x60) * t), (int) (250 - (250 - 0xA0) * t));
    }

    private static void centred(Graphics2D g, String text, int x, int width, int y) {
        String shown = TextFit.within(g, text, width - 4);
        g.drawString(shown, x + (width - g.getFontMetrics().stringWidth(shown)) / 2f, y);
    }
}
