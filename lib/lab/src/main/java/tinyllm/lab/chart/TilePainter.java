package tinyllm.lab.chart;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.geom.Rectangle2D;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import tinyllm.lab.view.Picture;

/** A product as its three matrices, x to the left of y and w above it, coloured by how often one threadgroup touches each place. */
public final class TilePainter {

    private static final double CELL = 2.4;
    private static final int GAP = 8;
    private static final int TOP = 42;
    private static final int BETWEEN = 30;
    private static final Color UNTOUCHED = new Color(0xE8, 0xE8, 0xE8);

    /**
     * One kernel.
     *
     * @param x reads of {@code [M][K]}
     * @param w reads of {@code [N][K / 8]}, words of eight values
     * @param y writes of {@code [M][N]}
     */
    @SuppressWarnings("ArrayRecordComponent") // nobody compares panels
    public record Panel(String name, int[][] x, int[][] w, int[][] y) {

        private int columns() {
            return x[0].length;
        }

        private double width() {
            return (columns() + y[0].length) * CELL + GAP;
        }

        private double height() {
            return (columns() + y.length) * CELL + GAP;
        }

        private int most() {
            return Stream.of(x, w, y)
                    .flatMap(Arrays::stream)
                    .flatMapToInt(Arrays::stream)
                    .max()
                    .orElse(1);
        }
    }

    private TilePainter() {}

    /** @param panels one to four, of equal sizes */
    public static Picture paint(String title, List<Panel> panels, String text) {
        if (panels.isEmpty() || panels.size() > 4) {
            throw new IllegalArgumentException("the picture shows one to four kernels, not " + panels.size());
        }
        double width = panels.getFirst().width() + BETWEEN;
        int bottom = TOP + (int) panels.getFirst().height();
        int most = Math.max(2, panels.stream().mapToInt(Panel::most).max().orElse(2));
        return Canvas.draw((int) Math.max(360, width * panels.size()), bottom + 44, text, g -> {
            g.setFont(Theme.bold(13));
            g.drawString(title, 0, 14);
            for (int i = 0; i < panels.size(); i++) {
                panel(g, panels.get(i), i * width, most);
            }
            legend(g, bottom + 22, most);
        });
    }

    private static void panel(Graphics2D g, Panel p, double left, int most) {
        double middle = left + p.columns() * CELL + GAP;
        double below = TOP + p.columns() * CELL + GAP;
        g.setFont(Theme.bold(11));
        g.setColor(Theme.INK);
        g.drawString(p.name(), (float) left, TOP - 8f);
        g.setFont(Theme.font(11));
        g.drawString("w, by words", (float) middle, TOP - 8f);
        g.drawString("x", (float) left, (float) below - 6);
        cells(g, p.x(), left, below, CELL, CELL, most);
        cells(g, p.y(), middle, below, CELL, CELL, most);
        cells(g, transposed(p.w()), middle, TOP, CELL, 8 * CELL, most);
        g.setColor(Theme.INK);
        g.drawString("y", (float) (middle + p.y()[0].length * CELL - 12), (float) (below + p.y().length * CELL - 6));
    }

    private static void cells(Graphics2D g, int[][] counts, double left, double top, double w, double h, int most) {
        for (int r = 0; r < counts.length; r++) {
            for (int c = 0; c < counts[r].length; c++) {
                g.setColor(color(counts[r][c], most));
                g.fill(new Rectangle2D.Double(left + c * w, top + r * h, w + 0.2, h + 0.2));
            }
        }
        g.setColor(Theme.FAINT);
        g.draw(new Rectangle2D.Double(left, top, counts[0].length * w, counts.length * h));
    }

    private static int[][] transposed(int[][] counts) {
        int[][] turned = new int[counts[0].length][counts.length];
        for (int r = 0; r < counts.length; r++) {
            for (int c = 0; c < counts[r].length; c++) {
                turned[c][r] = counts[r][c];
            }
        }
        return turned;
    }

    private static Color color(int count, int most) {
        return count == 0 ? UNTOUCHED : ColorMap.RISING.at(Math.log(count) / Math.log(most) * 0.95);
    }

    private static void legend(Graphics2D g, int y, int most) {
        g.setFont(Theme.font(11));
        g.setColor(Theme.INK);
        g.drawString("touched", 0, y + 11);
        int x = 52;
        for (int count = 0; count <= most; count = count == 0 ? 1 : 2 * count) {
            g.setColor(color(count, most));
            g.fill(new Rectangle2D.Double(x, y, 14, 14));
            g.setColor(Theme.INK);
            String label = count == 0 ? "never" : count + " ×";
            g.drawString(label, x + 18, y + 11);
            x += 30 + g.getFontMetrics().stringWidth(label);
        }
    }
}
