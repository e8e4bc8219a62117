package tinyllm.lab.chart;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.geom.Line2D;
import java.awt.geom.RoundRectangle2D;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tinyllm.lab.view.Picture;

/** Binary trees side by side, their leaves in one row at the bottom. */
public final class TreePainter {

    private static final int LEAF = 44;
    private static final int LEVEL = 52;
    private static final int BOX_H = 30;
    private static final int TOP = 36;
    private static final int MOST = 60;

    /** A leaf has neither left nor right; every other node has both. */
    public record Node(
            String label,
            String note,
            @Nullable Node left,
            @Nullable Node right) {

        int leaves() {
            return left == null || right == null ? 1 : left.leaves() + right.leaves();
        }

        int height() {
            return left == null || right == null ? 0 : 1 + Math.max(left.height(), right.height());
        }
    }

    private final int bottom;

    private TreePainter(int bottom) {
        this.bottom = bottom;
    }

    public static Picture paint(String title, List<Node> roots, String below, String text) {
        int leaves = roots.stream().mapToInt(Node::leaves).sum();
        if (leaves < 1 || leaves > MOST) {
            throw new IllegalArgumentException("a drawing of trees holds 1 to " + MOST + " leaves, not " + leaves);
        }
        int height = roots.stream().mapToInt(Node::height).max().orElse(0);
        int bottom = TOP + height * LEVEL;
        int width = Math.max(520, leaves * LEAF);
        return Canvas.draw(width, bottom + BOX_H + 26, text, g -> {
            g.setFont(Theme.bold(13));
            g.drawString(title, 0, 13);
            TreePainter painter = new TreePainter(bottom);
            double x = 0;
            for (int i = 0; i < roots.size(); i++) {
                painter.draw(g, roots.get(i), x, Theme.series(i % 6));
                x += roots.get(i).leaves() * LEAF;
            }
            g.setFont(Theme.font(11));
            g.setColor(Theme.INK);
            g.drawString(below, 0, bottom + BOX_H + 20);
        });
    }

    /** Draws what hangs below first, so that boxes lie over lines; returns the middle of the node. */
    private double draw(Graphics2D g, Node node, double x, Color color) {
        double y = bottom - node.height() * (double) LEVEL;
        Node left = node.left();
        Node right = node.right();
        if (left == null || right == null) {
            box(g, node, x + LEAF / 2.0, y, color, 0.14);
            return x + LEAF / 2.0;
        }
        double from = draw(g, left, x, color);
        double to = draw(g, right, x + left.leaves() * (double) LEAF, color);
        double middle = (from + to) / 2;
        g.setColor(color);
        g.setStroke(new BasicStroke(1.6f));
        g.draw(new Line2D.Double(middle, y + BOX_H, from, bottom - left.height() * (double) LEVEL));
        g.draw(new Line2D.Double(middle, y + BOX_H, to, bottom - right.height() * (double) LEVEL));
        box(g, node, middle, y, color, 0.34);
        return middle;
    }

    private static void box(Graphics2D g, Node node, double middle, double y, Color color, double strength) {
        Font bold = Theme.bold(12);
        String label = Canvas.drawable(bold, node.label());
        int wide = Math.max(
                g.getFontMetrics(bold).stringWidth(label),
                g.getFontMetrics(Theme.font(9)).stringWidth(node.note()));
        double width = Math.max(LEAF - 8, wide + 8);
        RoundRectangle2D shape = new RoundRectangle2D.Double(middle - width / 2, y, width, BOX_H, 8, 8);
        g.setColor(new Color(
                mix(color.getRed(), strength), mix(color.getGreen(), strength), mix(color.getBlue(), strength)));
        g.fill(shape);
        g.setColor(color);
        g.setStroke(new BasicStroke(1f));
        g.draw(shape);
        g.setColor(Theme.INK);
        centred(g, bold, label, middle, y + 14);
        centred(g, Theme.font(9), node.note(), middle, y + 25);
    }

    private static int mix(int channel, double strength) {
        return (int) Math.round(255 + (channel - 255) * strength);
    }

    private static void centred(Graphics2D g, Font font, String text, double x, double y) {
        g.setFont(font);
        g.drawString(text, (float) (x - g.getFontMetrics().stringWidth(text) / 2.0), (float) y);
    }
}
