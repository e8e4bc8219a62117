package tinyllm.lab.chart;

import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.geom.RoundRectangle2D;
import java.util.ArrayList;
import java.util.List;
import tinyllm.lab.view.Picture;

/** A text as boxes, one for each token, its id below; lines break where the width ends. */
public final class TokenStrip {

    private static final int WIDTH = 680;
    private static final int ROW = 50;
    private static final int BOX = 26;
    private static final int TOP = 30;
    private static final int MOST = 400;

    private TokenStrip() {}

    /** One token. Boxes of one piece share a colour. */
    public record Box(String label, String below, int piece) {}

    private record Placed(Box box, int x, int row, int width) {}

    public static Picture paint(String title, List<Box> boxes, String below, String text) {
        if (boxes.isEmpty() || boxes.size() > MOST) {
            throw new IllegalArgumentException(
                    "a picture of a cut text holds 1 to " + MOST + " tokens, not " + boxes.size());
        }
        List<Placed> placed = new ArrayList<>();
        Canvas.draw(WIDTH, TOP, "", g -> placed.addAll(place(g, boxes))); // the first drawing only measures
        int rows = placed.getLast().row() + 1;
        boolean lacks = boxes.stream().anyMatch(box -> !shown(box).equals(box.label()));
        String note = lacks ? below + " U+…: this machine has no font for the character." : below;
        return Canvas.draw(WIDTH, TOP + rows * ROW + 18, text, g -> {
            g.setFont(Theme.bold(13));
            g.drawString(title, 0, 13);
            placed.forEach(one -> box(g, one));
            g.setFont(Theme.font(11));
            g.setColor(Theme.INK);
            g.drawString(note, 0, TOP + rows * ROW + 10);
        });
    }

    private static List<Placed> place(Graphics2D g, List<Box> boxes) {
        List<Placed> placed = new ArrayList<>();
        int x = 0;
        int row = 0;
        for (Box box : boxes) {
            int label = g.getFontMetrics(font()).stringWidth(shown(box));
            int id = g.getFontMetrics(Theme.font(9)).stringWidth(box.below());
            int width = Math.min(WIDTH, Math.max(label, id) + 10);
            if (x + width > WIDTH) {
                x = 0;
                row++;
            }
            placed.add(new Placed(box, x, row, width));
            x += width + 3;
        }
        return placed;
    }

    private static Font font() {
        return Theme.font(14);
    }

    private static String shown(Box box) {
        return Canvas.drawable(font(), box.label());
    }

    private static void box(Graphics2D g, Placed one) {
        int y = TOP + one.row() * ROW;
        Color base = Theme.series(one.box().piece() % 6);
        g.setColor(new Color(pale(base.getRed()), pale(base.getGreen()), pale(base.getBlue())));
        g.fill(new RoundRectangle2D.Double(one.x(), y, one.width(), BOX, 8, 8));
        g.setColor(base);
        g.draw(new RoundRectangle2D.Double(one.x(), y, one.width() - 1.0, BOX, 8, 8));
        g.setColor(Theme.INK);
        centred(g, font(), shown(one.box()), one, y + 18);
        g.setColor(Theme.FAINT);
        centred(g, Theme.font(9), one.box().below(), one, y + BOX + 11);
    }

    private static int pale(int channel) {
        return (int) Math.round(255 + (channel - 255) * 0.25);
    }

    private static void centred(Graphics2D g, Font font, String text, Placed one, int y) {
        g.setFont(font);
        FontMetrics metrics = g.getFontMetrics();
        g.drawString(text, one.x() + (one.width() - metrics.stringWidth(text)) / 2f, y);
    }
}
