package tinyllm.lab.chart;

import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.geom.Rectangle2D;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Text cut into lines of a width, piece by piece, each piece with or without a background of its own. Lines end at newlines, at
 * blanks where one fits, else inside a word.
 */
public final class TextBlock {

    /** A piece of text and the colour behind it. */
    public record Piece(String text, @Nullable Color background) {}

    /** A part of a piece on one line, at x. */
    private record Part(String text, @Nullable Color background, double x, double width) {}

    private final Font font;
    private final double width;
    private final FontMetrics metrics;
    private final List<List<Part>> lines = new ArrayList<>();
    private double x;

    private TextBlock(Graphics2D g, Font font, double width) {
        this.font = font;
        this.width = width;
        this.metrics = g.getFontMetrics(font);
        lines.add(new ArrayList<>());
    }

    /** Lays the pieces out one after the other. */
    public static TextBlock of(Graphics2D g, Font font, double width, List<Piece> pieces) {
        TextBlock block = new TextBlock(g, font, width);
        for (Piece piece : pieces) {
            block.add(piece);
        }
        return block;
    }

    public int lineCount() {
        return lines.size();
    }

    public double lineHeight() {
        return metrics.getHeight() + 2.0;
    }

    /**
     * Draws the last lines that fit.
     *
     * @param top of the first line drawn
     * @param most how many lines there is room for
     */
    public void paintTail(Graphics2D g, double left, double top, int most) {
        List<List<Part>> shown = lines.subList(Math.max(0, lines.size() - most), lines.size());
        g.setFont(font);
        for (int i = 0; i < shown.size(); i++) {
            double y = top + i * lineHeight();
            for (Part part : shown.get(i)) {
                if (part.background() != null) {
                    g.setColor(part.background());
                    g.fill(new Rectangle2D.Double(left + part.x(), y, part.width(), lineHeight() - 1));
                }
                g.setColor(Theme.INK);
                g.drawString(part.text(), (float) (left + part.x()), (float) (y + metrics.getAscent() + 1));
            }
        }
    }

    private void add(Piece piece) {
        String[] paragraphs = piece.text().replace("\t", "    ").split("\n", -1);
        for (int i = 0; i < paragraphs.length; i++) {
            if (i > 0) {
                newLine();
            }
            for (String word : words(Canvas.drawable(font, paragraphs[i]))) {
                word(word, piece.background());
            }
        }
    }

    /** Each word with the blanks before it: "a  bc" becomes "a" and "  bc". */
    private static List<String> words(String text) {
        List<String> out = new ArrayList<>();
        int start = 0;
        for (int i = 1; i < text.length(); i++) {
            if (text.charAt(i) == ' ' && text.charAt(i - 1) != ' ') {
                out.add(text.substring(start, i));
                start = i;
            }
        }
        if (start < text.length()) {
            out.add(text.substring(start));
        }
        return out;
    }

    private void word(String word, @Nullable Color background) {
        double wide = metrics.stringWidth(word);
        if (x + wide > width && x > 0) {
            newLine();
            word(word.stripLeading(), background);
            return;
        }
        if (wide <= width) {
            put(word, background, wide);
            return;
        }
        int fits = 1;
        while (fits < word.length() && metrics.stringWidth(word.substring(0, fits + 1)) <= width) {
            fits++;
        }
        fits = Character.isHighSurrogate(word.charAt(fits - 1)) && fits < word.length() ? fits + 1 : fits;
        put(word.substring(0, fits), background, metrics.stringWidth(word.substring(0, fits)));
        if (fits < word.length()) {
            word(word.substring(fits), background);
        }
    }

    private void put(String text, @Nullable Color background, double wide) {
        lines.getLast().add(new Part(text, background, x, wide));
        x += wide;
    }

    private void newLine() {
        lines.add(new ArrayList<>());
        x = 0;
    }
}
