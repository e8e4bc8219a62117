package tinyllm.lab;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import tech.tablesaw.api.BooleanColumn;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.IntColumn;
import tech.tablesaw.api.LongColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;
import tech.tablesaw.columns.Column;
import tinyllm.lab.view.Html;
import tinyllm.lab.view.Rich;
import tinyllm.tensor.Tensor;

/** Makes Tablesaw tables from records, maps and tensors; a cell that ends in one shows it. */
public final class Tables {

    private static final int SHOWN_ROWS = 50;
    private static final String CELL =
            "padding:2px 10px;border-bottom:1px solid var(--jp-border-color2,#ccc);text-align:";

    private Tables() {}

    /**
     * One row for each record, one column for each component; numbers stay numbers.
     *
     * @throws IllegalArgumentException when the list is empty or its elements are not all of one record type
     */
    public static Table of(List<? extends Record> rows) {
        if (rows.isEmpty()) {
            throw new IllegalArgumentException("a table of records needs at least one record to know its columns");
        }
        Class<?> type = rows.getFirst().getClass();
        Table table = Table.create(type.getSimpleName());
        for (RecordComponent component : type.getRecordComponents()) {
            List<Object> values = new ArrayList<>();
            for (Record row : rows) {
                values.add(value(component, type, row));
            }
            table.addColumns(column(component.getName(), values));
        }
        return table;
    }

    /** One column for each entry, in the map's order; the lists have one length. */
    public static Table of(String name, Map<String, ? extends List<?>> columns) {
        Table table = Table.create(name);
        columns.forEach((column, values) -> table.addColumns(column(column, values)));
        return table;
    }

    /**
     * A matrix with labelled columns.
     *
     * @param matrix {@code [R, C]}
     * @param labels C column names, each once
     */
    public static Table of(String name, Tensor matrix, List<String> labels) {
        if (matrix.rank() != 2 || matrix.dim(1) != labels.size()) {
            throw new IllegalArgumentException(
                    "a table of a tensor needs a matrix with a label for each column, not shape "
                            + Arrays.toString(matrix.shape()) + " and " + labels.size() + " labels");
        }
        float[][] rows = matrix.toMatrix();
        Table table = Table.create(name);
        for (int c = 0; c < labels.size(); c++) {
            int at = c;
            table.addColumns(DoubleColumn.create(
                    labels.get(c),
                    IntStream.range(0, rows.length)
                            .mapToDouble(r -> rows[r][at])
                            .toArray()));
        }
        return table;
    }

    /** The table as something to show; empty for other values. */
    static Optional<Rich> rich(Object value) {
        return value instanceof Table table ? Optional.of(rich(table)) : Optional.empty();
    }

    /** HTML and text of a table: the first 50 rows, and how many more there are. */
    public static Rich rich(Table table) {
        int shown = Math.min(table.rowCount(), SHOWN_ROWS);
        StringBuilder out = new StringBuilder("<table style=\"border-collapse:collapse\"><thead><tr>");
        for (Column<?> column : table.columns()) {
            out.append("<th style=\"")
                    .append(CELL)
                    .append(align(column))
                    .append("\">")
                    .append(Html.escape(column.name()))
                    .append("</th>");
        }
        out.append("</tr></thead><tbody>");
        for (int r = 0; r < shown; r++) {
            out.append("<tr>");
            for (Column<?> column : table.columns()) {
                out.append("<td style=\"")
                        .append(CELL)
                        .append(align(column))
                        .append("\">")
                        .append(Html.escape(cell(column, r)))
                        .append("</td>");
            }
            out.append("</tr>");
        }
        out.append("</tbody></table>");
        if (shown < table.rowCount()) {
            out.append("<p>… ").append(table.rowCount() - shown).append(" more rows</p>");
        }
        return new Html(out.toString(), printed(table).print(shown));
    }

    /** The table with its numbers as short as in HTML: a double prints with up to 17 digits. */
    private static Table printed(Table table) {
        Table text = Table.create(table.name());
        for (Column<?> column : table.columns()) {
            text.addColumns(
                    column instanceof DoubleColumn
                            ? StringColumn.create(
                                    column.name(),
                                    IntStream.range(0, column.size()).mapToObj(r -> cell(column, r)))
                            : column);
        }
        return text;
    }

    private static String align(Column<?> column) {
        return column instanceof tech.tablesaw.api.NumericColumn<?> ? "right" : "left";
    }

    private static String cell(Column<?> column, int row) {
        if (column.isMissing(row)) {
            return "";
        }
        return column instanceof DoubleColumn doubles ? number(doubles.getDouble(row)) : column.getString(row);
    }

    private static String number(double value) {
        if (value == Math.rint(value) && Math.abs(value) < 1e9) {
            return Long.toString((long) value);
        }
        return String.format(Locale.ROOT, Math.abs(value) >= 1000 ? "%.1f" : "%.4g", value);
    }

    private static Column<?> column(String name, List<?> values) {
        Object first = values.stream()
                .filter(Objects::nonNull)
                .map(Object.class::cast)
                .findFirst()
                .orElse("");
        return switch (first) {
            case Integer i -> IntColumn.create(name, values.stream().mapToInt(v -> ((Number) v).intValue()));
            case Long l -> LongColumn.create(name, values.stream().mapToLong(v -> ((Number) v).longValue()));
            case Double d -> DoubleColumn.create(name, doubles(values).toArray());
            case Float f -> DoubleColumn.create(name, doubles(values).toArray());
            case Boolean b -> BooleanColumn.create(name, values.toArray(Boolean[]::new));
            default -> StringColumn.create(name, values.stream().map(v -> v == null ? "" : v.toString()));
        };
    }

    private static DoubleStream doubles(List<?> values) {
        return values.stream().mapToDouble(v -> v == null ? Double.NaN : ((Number) v).doubleValue());
    }

    private static Object value(RecordComponent component, Class<?> type, Record row) {
        if (row.getClass() != type) {
            throw new IllegalArgumentException("a table's rows are of one record type, not " + type.getSimpleName()
                    + " and " + row.getClass().getSimpleName());
        }
        try {
            component.getAccessor().setAccessible(true);
            return component.getAccessor().invoke(row);
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException(
                    "the component " + component.getName() + " can't be read: " + e.getCause(), e);
        }
    }
}
