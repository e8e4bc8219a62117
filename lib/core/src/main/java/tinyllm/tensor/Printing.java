package tinyllm.tensor;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.IntStream;

/** A tensor as text: shape, dtype and values, of which a long axis shows its first and last. */
final class Printing {
    private static final int EDGE = 4;
    private static final int LEADING_EDGE = 2;
    private static final String CUT = "…";

    private final int[] shape;
    private final boolean[] cut;
    private final String[] cells;
    private final int width;
    private final StringBuilder text = new StringBuilder();

    private Printing(int[] shape, boolean[] cut, String[] cells) {
        this.shape = shape;
        this.cut = cut;
        this.cells = cells;
        this.width = Arrays.stream(cells).mapToInt(String::length).max().orElse(0);
    }

    /** Never throws: a renderer of a notebook calls this. */
    static String of(Tensor tensor) {
        String head = "Tensor " + Shapes.text(tensor.sizes()) + " " + tensor.dtype();
        try {
            return head + values(tensor);
        } catch (RuntimeException | Error e) {
            return head + " (no values: " + e.getMessage() + ")";
        }
    }

    private static String values(Tensor tensor) {
        if (tensor.size() == 0) {
            return " (empty)";
        }
        int rank = tensor.rank();
        boolean[] cut = new boolean[rank];
        try (Scope _ = Scope.open()) {
            Tensor shown = tensor;
            for (int axis = 0; axis < rank; axis++) {
                int edge = axis < rank - 2 ? LEADING_EDGE : EDGE;
                int n = tensor.sizes()[axis];
                if (n > 2 * edge + 1) {
                    cut[axis] = true;
                    shown = Tensor.concat(axis, shown.slice(axis, 0, edge), shown.slice(axis, n - edge, n));
                }
            }
            String body = new Printing(shown.sizes(), cut, cells(shown)).print();
            return (rank == 0 ? " " : "\n") + body;
        }
    }

    private String print() {
        axis(0, 0);
        return text.toString();
    }

    private int axis(int axis, int next) {
        if (axis == shape.length) {
            text.append(" ".repeat(width - cells[next].length())).append(cells[next]);
            return next + 1;
        }
        boolean row = axis == shape.length - 1;
        String between = row ? ", " : ",\n" + "\n".repeat(shape.length - axis - 2) + " ".repeat(axis + 1);
        text.append('[');
        for (int i = 0; i < shape[axis]; i++) {
            text.append(i == 0 ? "" : between);
            if (cut[axis] && i == shape[axis] / 2) {
                text.append(CUT).append(between);
            }
            next = axis(axis + 1, next);
        }
        text.append(']');
        return next;
    }

    private static String[] cells(Tensor tensor) {
        if (tensor.dtype() == DType.BOOL) {
            boolean[] values = tensor.toBooleans();
            return IntStream.range(0, values.length)
                    .mapToObj(i -> String.valueOf(values[i]))
                    .toArray(String[]::new);
        }
        if (tensor.dtype().isInteger()) {
            return Arrays.stream(tensor.toLongs()).mapToObj(String::valueOf).toArray(String[]::new);
        }
        double[] values = tensor.toDoubles();
        String format = format(values);
        return Arrays.stream(values).mapToObj(v -> number(format, v)).toArray(String[]::new);
    }

    /** One format for all values: as few decimals as show them to four places, or powers of ten. */
    private static String format(double[] values) {
        double[] sizes = Arrays.stream(values)
                .filter(Double::isFinite)
                .map(Math::abs)
                .filter(v -> v > 0)
                .toArray();
        double largest = Arrays.stream(sizes).max().orElse(0);
        double smallest = Arrays.stream(sizes).min().orElse(1);
        if (largest >= 1e6 || (smallest < 1e-4 && largest < 1e-1) || (largest < 1e-3 && largest > 0)) {
            return "%.3e";
        }
        for (int decimals = 1; decimals < 4; decimals++) {
            double scale = Math.pow(10, decimals);
            if (Arrays.stream(sizes).allMatch(v -> Math.abs(v * scale - Math.rint(v * scale)) < scale * 5e-5)) {
                return "%." + decimals + "f";
            }
        }
        return "%.4f";
    }

    private static String number(String format, double value) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, format, value) : plain(value);
    }

    /** A single number in a sentence: up to seven significant digits, no trailing zeros. */
    static String plain(double value) {
        if (!Double.isFinite(value)) {
            return Double.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
        }
        if (value == Math.rint(value) && Math.abs(value) < 1e15) {
            return String.valueOf((long) value);
        }
        String text = String.format(Locale.ROOT, "%.7g", value);
        if (!text.contains("e")) {
            return text.contains(".") ? text.replaceAll("0+$", "").replaceAll("\\.$", "") : text;
        }
        return text.replaceAll("\\.?0*e", "e");
    }
}
