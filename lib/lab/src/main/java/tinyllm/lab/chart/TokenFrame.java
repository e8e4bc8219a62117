package tinyllm.lab.chart;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Locale;
import tinyllm.lab.view.Picture;

/** One moment of a text that grows: the tokens so far in their colours, and the candidates for the newest. */
public final class TokenFrame {

    private static final int WIDTH = 560;
    private static final int TITLE = 26;
    private static final int ROW = 20;
    private static final int LABEL = 120;
    private static final int BAR = 330;
    private static final int LEAST_LINES = 2;
    private static final int MOST_LINES = 12;

    private TokenFrame() {}

    /** A token that could have come, and its probability in 0…1. */
    public record Candidate(String label, double probability) {}

    /**
     * A token that was chosen.
     *
     * @param text as it stands in the text
     * @param label with blanks and newlines made visible
     * @param probability in 0…1, at temperature 1
     * @param rank 1 for the most likely
     * @param candidates the most likely ones at its place, best first
     */
    public record Chosen(String text, String label, double probability, int rank, List<Candidate> candidates) {
        public Chosen {
            candidates = List.copyOf(candidates);
        }
    }

    /** White at probability 1, orange at 0, as an rgb value. */
    public static Color background(double probability) {
        double p = Double.isNaN(probability) ? 0 : Math.clamp(probability, 0, 1);
        return new Color(255, (int) Math.round(159 + (255 - 159) * p), (int) Math.round(60 + (255 - 60) * p));
    }

    /** The frame after {@code count} tokens; all frames of one text have one size. */
    public static Picture paint(String model, int vocabulary, List<Chosen> tokens, int count) {
        int lines = Math.clamp(lines(tokens), LEAST_LINES, MOST_LINES);
        Chosen newest = tokens.get(count - 1);
        int rows = newest.candidates().size() + 1;
        Font font = Theme.font(14);
        double lineHeight = lineHeight(font);
        int text = (int) Math.ceil(lines * lineHeight);
        String title =
                String.format(Locale.ROOT, "Token %d of %d: %s", count, tokens.size(), verdict(newest, vocabulary));
        return Canvas.draw(WIDTH, TITLE + text + 34 + rows * ROW, title + " (" + model + ").", g -> {
            g.setFont(Theme.bold(13));
            g.drawString(Canvas.drawable(g.getFont(), title), 0, 14);
            TextBlock.of(g, font, WIDTH, pieces(tokens.subList(0, count))).paintTail(g, 0, TITLE, lines);
            g.setFont(Theme.font(11));
            g.setColor(Theme.FAINT);
            g.drawString("what " + model + " thought of for this place:", 0, TITLE + text + 20);
            candidates(g, newest, TITLE + text + 30);
        });
    }

    private static String verdict(Chosen token, int vocabulary) {
        return String.format(
                Locale.ROOT,
                "\"%s\", %.1f %%, rank %d of %,d",
                token.label(),
                100 * token.probability(),
                token.rank(),
                vocabulary);
    }

    private static void candidates(Graphics2D g, Chosen newest, int top) {
        boolean listed = newest.rank() <= newest.candidates().size();
        int y = top;
        for (int i = 0; i < newest.candidates().size(); i++) {
            Candidate candidate = newest.candidates().get(i);
            row(g, candidate, i + 1 == newest.rank(), y);
            y += ROW;
        }
        if (!listed) {
            row(g, new Candidate(newest.label(), newest.probability()), true, y);
        }
    }

    private static void row(Graphics2D g, Candidate candidate, boolean chosen, int y) {
        g.setFont(chosen ? Theme.bold(12) : Theme.font(12));
        g.setColor(Theme.INK);
        String label = Canvas.drawable(g.getFont(), candidate.label());
        g.drawString(label, LABEL - 8 - g.getFontMetrics().stringWidth(label), y + 14);
        g.setColor(chosen ? Theme.series(0) : Theme.GRID);
        g.fill(new Rectangle2D.Double(LABEL, y + 2, Math.max(1, BAR * candidate.probability()), ROW - 5.0));
        g.setColor(Theme.INK);
        String percent = String.format(Locale.ROOT, "%.1f %%", 100 * candidate.probability());
        g.drawString(percent, (float) (LABEL + BAR * candidate.probability() + 6), y + 14);
    }

    private static List<TextBlock.Piece> pieces(List<Chosen> tokens) {
        return tokens.stream()
                .map(t -> new TextBlock.Piece(t.text(), background(t.probability())))
                .toList();
    }

    private static int lines(List<Chosen> tokens) {
        Graphics2D g = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB).createGraphics();
        try {
            return TextBlock.of(g, Theme.font(14), WIDTH, pieces(tokens)).lineCount();
        } finally {
            g.dispose();
        }
    }

    private static double lineHeight(Font font) {
        Graphics2D g = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB).createGraphics();
        try {
            return TextBlock.of(g, font, WIDTH, List.of()).lineHeight();
        } finally {
            g.dispose();
        }
    }
}
