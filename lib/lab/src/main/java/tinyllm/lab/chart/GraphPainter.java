package tinyllm.lab.chart;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.geom.CubicCurve2D;
import java.awt.geom.Path2D;
import java.awt.geom.RoundRectangle2D;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tinyllm.lab.view.Picture;

/** Boxes and arrows from left to right: each box stands behind the last of those that it depends on. */
public final class GraphPainter {

    private static final int BOX_W = 92;
    private static final int BOX_H = 40;
    private static final int STEP_X = 118;
    private static final int STEP_Y = 56;
    private static final int TOP = 34;
    private static final int MOST_COLUMNS = 26;

    /**
     * One box.
     *
     * @param done drawn full; what is not done is drawn hollow
     * @param from the boxes before it, by their place in the list; each smaller than its own
     */
    public record Box(String name, String detail, boolean done, List<Integer> from) {}

    private final List<Box> boxes;
    private final int[] column;
    private final double[] row;
    private int columns;
    private int rows;

    private GraphPainter(List<Box> boxes) {
        this.boxes = boxes;
        column = new int[boxes.size()];
        row = new double[boxes.size()];
        place();
    }

    /** Draws the graph; the line below says what full and hollow mean. */
    public static Picture paint(String title, List<Box> boxes, String below, String text) {
        if (boxes.isEmpty()) {
            throw new IllegalArgumentException("the graph \"" + title + "\" has no boxes");
        }
        GraphPainter painter = new GraphPainter(boxes);
        if (painter.columns > MOST_COLUMNS) {
            throw new IllegalArgumentException("the graph \"" + title + "\" is " + painter.columns
                    + " operations deep, and a picture holds " + MOST_COLUMNS + ": look at a smaller piece");
        }
        int width = Math.max(560, painter.columns * STEP_X - (STEP_X - BOX_W) + 4);
        int height = TOP + painter.rows * STEP_Y + 22;
        return Canvas.draw(width, height, text, g -> painter.draw(g, title, below, height));
    }

    /** A column behind all that a box depends on; what has no inputs stands right before its first user. */
    private void place() {
        for (int i = 0; i < boxes.size(); i++) {
            for (int from : boxes.get(i).from()) {
                column[i] = Math.max(column[i], column[from] + 1);
            }
        }
        for (int i = 0; i < boxes.size(); i++) {
            if (boxes.get(i).from().isEmpty()) {
                column[i] = firstUser(i) - 1;
            }
            columns = Math.max(columns, column[i] + 1);
        }
        Map<Integer, List<Integer>> byColumn = new HashMap<>();
        for (int i = 0; i < boxes.size(); i++) {
            byColumn.computeIfAbsent(column[i], c -> new ArrayList<>()).add(i);
        }
        for (int c = 0; c < columns; c++) {
            List<Integer> here = byColumn.getOrDefault(c, List.of());
            here.sort(Comparator.comparingDouble(this::wanted));
            for (int r = 0; r < here.size(); r++) {
                row[here.get(r)] = r;
            }
            rows = Math.max(rows, here.size());
        }
        rows = Math.max(rows, longArrows() ? 2 : 1);
        byColumn.values().forEach(here -> here.forEach(i -> row[i] += (rows - here.size()) / 2.0));
    }

    private boolean longArrows() {
        return java.util.stream.IntStream.range(0, boxes.size())
                .anyMatch(i -> boxes.get(i).from().stream().anyMatch(from -> column[i] - column[from] > 1));
    }

    private int firstUser(int box) {
        int first = Integer.MAX_VALUE;
        for (int i = 0; i < boxes.size(); i++) {
            if (boxes.get(i).from().contains(box)) {
                first = Math.min(first, column[i]);
            }
        }
        return first == Integer.MAX_VALUE ? 1 : first;
    }

    private double wanted(int box) {
        return boxes.get(box).from().stream()
                .filter(from -> column[from] < column[box])
                .mapToDouble(from -> row[from])
                .average()
                .orElse(box);
    }

    private void draw(Graphics2D g, String title, String below, int height) {
        g.setFont(Theme.bold(13));
        g.drawString(title, 0, 13);
        for (int i = 0; i < boxes.size(); i++) {
            for (int from : boxes.get(i).from()) {
                arrow(g, from, i);
            }
        }
        for (int i = 0; i < boxes.size(); i++) {
            box(g, i);
        }
        g.setColor(Theme.INK);
        g.setFont(Theme.font(11));
        g.drawString(below, 0, height - 4);
    }

    private double x(int i) {
        return column[i] * (double) STEP_X;
    }

    private double y(int i) {
        return TOP + row[i] * STEP_Y;
    }

    /** An arrow over several columns bows above the boxes between. */
    private void arrow(Graphics2D g, int from, int to) {
        double x1 = x(from) + BOX_W;
        double y1 = y(from) + BOX_H / 2.0;
        double x2 = x(to);
        boolean far = column[to] - column[from] > 1;
        double y2 = y(to) + BOX_H / 2.0 - (far ? 9 : 0);
        double high = Math.min(y(from), y(to)) - 24;
        double third = (x2 - x1) / 3;
        g.setColor(Theme.FAINT);
        g.setStroke(new BasicStroke(1.3f));
        g.draw(new CubicCurve2D.Double(x1, y1, x1 + third, far ? high : y1, x2 - third, far ? high : y2, x2 - 4, y2));
        Path2D head = new Path2D.Double();
        head.moveTo(x2, y2);
        head.lineTo(x2 - 7, y2 - 4);
        head.lineTo(x2 - 7, y2 + 4);
        g.fill(head);
    }

    private void box(Graphics2D g, int i) {
        Box box = boxes.get(i);
        RoundRectangle2D shape = new RoundRectangle2D.Double(x(i), y(i), BOX_W, BOX_H, 10, 10);
        g.setColor(box.done() ? Theme.series(0) : Theme.CARD);
        g.fill(shape);
        g.setColor(Theme.series(0));
        g.setStroke(box.done() ? new BasicStroke(1.4f) : Theme.DASHED);
        g.draw(shape);
        g.setColor(box.done() ? Color.WHITE : Theme.INK);
        centred(g, box.name(), i, 17, true);
        centred(g, box.detail(), i, 32, false);
    }

    private void centred(Graphics2D g, String text, int i, int down, boolean bold) {
        g.setFont(bold ? Theme.bold(11) : Theme.font(10));
        String shown = Canvas.drawable(g.getFont(), text);
        while (shown.length() > 1 && g.getFontMetrics().stringWidth(shown) > BOX_W - 4) {
            shown = shown.substring(0, shown.length() - (shown.endsWith("…") ? 2 : 1)) + "…";
        }
        double left = x(i) + (BOX_W - g.getFontMetrics().stringWidth(shown)) / 2.0;
        g.drawString(shown, (float) left, (float) (y(i) + down));
    }
}
