package tinyllm.lab.check;

import tinyllm.lab.chart.ComparisonMaps;
import tinyllm.lab.view.Html;

/** Expected, yours and the difference: as three small maps, and as numbers around the first wrong entry. */
final class ComparisonView {

    private static final int TEXT_ROWS = 6;
    private static final int TEXT_COLUMNS = 4;
    private static final String[] NAMES = {"expected", "yours", "yours − expected"};

    private ComparisonView() {}

    /** Three tables of numbers side by side, the first wrong entry marked. */
    static String text(Comparison whole) {
        Comparison part = whole.numbers(TEXT_ROWS, TEXT_COLUMNS);
        float[][][] maps = {part.expected(), part.actual(), part.difference()};
        int wide = 4;
        for (float[][] map : maps) {
            for (float[] row : map) {
                for (float v : row) {
                    wide = Math.max(wide, Values.format(v).length());
                }
            }
        }
        int block = Math.max(part.columns().size() * (wide + 2), NAMES[2].length() + 2);
        StringBuilder out = new StringBuilder(part.where()).append(":\n");
        StringBuilder head = new StringBuilder();
        for (String name : NAMES) {
            head.append("  ").append(name).append(" ".repeat(Math.max(0, block - name.length())));
        }
        out.append(head.toString().stripTrailing());
        for (int r = 0; r < part.rows().size(); r++) {
            StringBuilder line = new StringBuilder("\n  ");
            for (int m = 0; m < maps.length; m++) {
                StringBuilder cells = new StringBuilder();
                for (int c = 0; c < part.columns().size(); c++) {
                    boolean marked = m == 1 && r == part.row() && c == part.column();
                    String value = Values.format(maps[m][r][c]);
                    cells.append(" ".repeat(wide - value.length()))
                            .append(marked ? ">" : " ")
                            .append(value)
                            .append(' ');
                }
                line.append(cells)
                        .append(" ".repeat(Math.max(0, block - cells.length())))
                        .append("  ");
            }
            out.append(line.toString().stripTrailing());
        }
        return out.toString();
    }

    static String html(Comparison comparison) {
        String picture = ComparisonMaps.paint(
                        comparison.where(),
                        comparison.expected(),
                        comparison.actual(),
                        comparison.difference(),
                        comparison.row(),
                        comparison.column())
                .img();
        return "<div>" + picture + "</div><details><summary>As numbers</summary><pre>" + Html.escape(text(comparison))
                + "</pre></details>";
    }
}
