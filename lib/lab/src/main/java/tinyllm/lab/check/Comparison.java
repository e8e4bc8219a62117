package tinyllm.lab.check;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tinyllm.lab.check.CheckResult.Wrong;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/**
 * A wrong tensor beside the right one: the last two axes at the first wrong entry, cut to a window around it where they are large.
 *
 * @param situation the case's name
 * @param slice which slice of the leading axes this is, such as "[0, 2, :, :]"; empty for a matrix
 * @param expected {@code [R, C]}
 * @param actual {@code [R, C]}
 * @param rows which of how many rows the window shows
 * @param columns which of how many columns
 * @param row of the first wrong entry, inside the window
 * @param column of the first wrong entry, inside the window
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares comparisons
record Comparison(
        String situation,
        String slice,
        float[][] expected,
        float[][] actual,
        Range rows,
        Range columns,
        int row,
        int column) {

    /** A picture of more cells than this on a side can't be read. */
    static final int LARGEST = 48;

    /** Positions from (inclusive) to (exclusive) of so many. */
    record Range(int from, int to, int of) {

        int size() {
            return to - from;
        }

        boolean whole() {
            return size() == of;
        }

        /** At most {@code most} positions, with {@code at} near their middle. */
        static Range around(int at, int most, int of) {
            int from = Math.clamp(at - most / 2, 0, Math.max(0, of - most));
            return new Range(from, Math.min(of, from + most), of);
        }
    }

    /** Empty where there is nothing to lay side by side: other shapes, single numbers, texts. */
    static Optional<Comparison> of(@Nullable Wrong wrong) {
        if (wrong == null) {
            return Optional.empty();
        }
        return pair(wrong.expected(), wrong.actual(), wrong.index())
                .flatMap(pair -> pair.comparison(wrong.situation()));
    }

    /** Two tensors that should be equal, and where they first are not. */
    private record Pair(Tensor expected, Tensor actual, int @Nullable [] index) {

        Optional<Comparison> comparison(String situation) {
            if (!Arrays.equals(expected.shape(), actual.shape()) || expected.size() < 2) {
                return Optional.empty();
            }
            Tensor want = expected.rank() == 1 ? expected.reshape(1, expected.dim(0)) : expected;
            Tensor got = expected.rank() == 1 ? actual.reshape(1, actual.dim(0)) : actual;
            int[] at = place(want.rank());
            int[] leading = Arrays.copyOf(at, at.length - 2);
            int row = at[at.length - 2];
            int column = at[at.length - 1];
            Range rows = Range.around(row, LARGEST, want.dim(-2));
            Range columns = Range.around(column, LARGEST, want.dim(-1));
            return Optional.of(new Comparison(
                    situation,
                    slice(leading),
                    window(want, leading, rows, columns),
                    window(got, leading, rows, columns),
                    rows,
                    columns,
                    row - rows.from(),
                    column - columns.from()));
        }

        private int[] place(int rank) {
            int[] known = index == null ? new int[0] : index;
            int[] at = new int[rank];
            // A vector became a matrix of one row: its index belongs to the last axis.
            System.arraycopy(known, 0, at, Math.max(0, rank - known.length), Math.min(rank, known.length));
            return at;
        }
    }

    private static Optional<Pair> pair(Object expected, @Nullable Object actual, int @Nullable [] index) {
        if (expected instanceof Tensor want && actual instanceof Tensor got) {
            return Optional.of(new Pair(want, got, index));
        }
        List<?> wants = parts(expected);
        List<?> gots = actual == null ? List.of() : parts(actual);
        for (int i = 0; i < Math.min(wants.size(), gots.size()); i++) {
            if (wants.get(i) instanceof Tensor want && gots.get(i) instanceof Tensor got) {
                Difference difference = Values.compare(want, got, -1, -1);
                if (!difference.ok() && Arrays.equals(want.shape(), got.shape())) {
                    return Optional.of(new Pair(want, got, difference.index()));
                }
            }
        }
        return Optional.empty();
    }

    private static List<?> parts(Object value) {
        return switch (value) {
            case List<?> list -> list;
            case Map<?, ?> map -> new ArrayList<>(new java.util.TreeMap<>(byName(map)).values());
            case Object[] array -> Arrays.asList(array);
            default -> List.of();
        };
    }

    private static Map<String, Object> byName(Map<?, ?> map) {
        Map<String, Object> out = new java.util.HashMap<>();
        map.forEach((key, value) -> out.put(String.valueOf(key), value));
        return out;
    }

    private static float[][] window(Tensor tensor, int[] leading, Range rows, Range columns) {
        Tensor matrix = leading.length == 0 ? tensor : tensor.at(leading);
        return matrix.astype(DType.F32)
                .slice(0, rows.from(), rows.to())
                .slice(1, columns.from(), columns.to())
                .toMatrix();
    }

    private static String slice(int[] leading) {
        StringBuilder out = new StringBuilder();
        for (int i : leading) {
            out.append(i).append(", ");
        }
        return leading.length == 0 ? "" : "[" + out + ":, :]";
    }

    /** Yours minus expected; 0 where both are the same infinity or both NaN. */
    float[][] difference() {
        float[][] out = new float[expected.length][];
        for (int r = 0; r < expected.length; r++) {
            out[r] = new float[expected[r].length];
            for (int c = 0; c < out[r].length; c++) {
                boolean same = Float.compare(expected[r][c], actual[r][c]) == 0;
                out[r][c] = same ? 0 : actual[r][c] - expected[r][c];
            }
        }
        return out;
    }

    /** A part of this one that is small enough to be read as numbers. */
    Comparison numbers(int mostRows, int mostColumns) {
        Range r = Range.around(row, mostRows, expected.length);
        Range c = Range.around(column, mostColumns, expected[0].length);
        return new Comparison(
                situation,
                slice,
                cut(expected, r, c),
                cut(actual, r, c),
                new Range(rows.from() + r.from(), rows.from() + r.to(), rows.of()),
                new Range(columns.from() + c.from(), columns.from() + c.to(), columns.of()),
                row - r.from(),
                column - c.from());
    }

    private static float[][] cut(float[][] values, Range rows, Range columns) {
        return Arrays.stream(values, rows.from(), rows.to())
                .map(line -> Arrays.copyOfRange(line, columns.from(), columns.to()))
                .toArray(float[][]::new);
    }

    /** "Case "batch and heads": slice [0, 2, :, :], rows 0 to 47 of 512, all 8 columns". */
    String where() {
        String part = words(rows, "row") + ", " + words(columns, "column");
        return "Case \"" + situation + "\": " + (slice.isEmpty() ? part : "slice " + slice + ", " + part);
    }

    private static String words(Range range, String name) {
        if (range.whole()) {
            return range.of() == 1 ? "one " + name : "all " + range.of() + " " + name + "s";
        }
        return name + "s " + range.from() + " to " + (range.to() - 1) + " of " + range.of();
    }
}
