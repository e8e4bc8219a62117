package tinyllm.tensor;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The text of {@link Tensor#at(String)}: {@code ":, 2, 1:-1"}, {@code "..., ::2"}, {@code "None, :"}. */
final class Index {
    private sealed interface Part {}

    private record Single(int index) implements Part {}

    private record Range(@Nullable Integer from, @Nullable Integer to, int step) implements Part {}

    private enum Mark implements Part {
        ELLIPSIS,
        NEW_AXIS
    }

    /**
     * What to cut out of a shape: start, stop and step of every axis as MLX's slice takes them, and the shape of the
     * result, in which single indices are gone and new axes are there.
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Plan(int[] starts, int[] stops, int[] steps, int[] shape) {}

    private static final String OP = "at";
    private final String text;
    private final List<Part> parts = new ArrayList<>();

    private Index(String text) {
        this.text = text;
    }

    static Plan plan(String text, int[] shape) {
        Index index = new Index(text);
        for (String part : text.split(",", -1)) {
            index.parts.add(index.part(part.strip()));
        }
        return index.resolve(shape);
    }

    static Plan plan(int[] leading, int[] shape) {
        Index index = new Index(Shapes.text(leading));
        for (int i : leading) {
            index.parts.add(new Single(i));
        }
        return index.resolve(shape);
    }

    private Part part(String part) {
        if (part.equals("...")) {
            return Mark.ELLIPSIS;
        }
        if (part.equals("None") || part.equals("newaxis")) {
            return Mark.NEW_AXIS;
        }
        if (!part.contains(":")) {
            return new Single(number(part));
        }
        String[] pieces = part.split(":", -1);
        if (pieces.length > 3) {
            throw malformed(part);
        }
        Integer step = pieces.length == 3 ? optional(pieces[2]) : null;
        if (step != null && step == 0) {
            throw Shapes.bad(OP, "the step of \"" + part + "\" is 0");
        }
        return new Range(optional(pieces[0]), optional(pieces[1]), step == null ? 1 : step);
    }

    private @Nullable Integer optional(String piece) {
        return piece.isBlank() ? null : (Integer) number(piece.strip());
    }

    private int number(String piece) {
        try {
            return Integer.parseInt(piece);
        } catch (NumberFormatException e) {
            throw malformed(piece);
        }
    }

    private IllegalArgumentException malformed(String piece) {
        return Shapes.bad(
                OP,
                "\"" + piece + "\" in \"" + text
                        + "\" is no index; write an integer, from:to, from:to:step, ... or None,"
                        + " separated by commas");
    }

    private Plan resolve(int[] shape) {
        long used = parts.stream().filter(p -> !(p instanceof Mark)).count();
        long ellipses = parts.stream().filter(p -> p == Mark.ELLIPSIS).count();
        if (ellipses > 1) {
            throw Shapes.bad(OP, "\"" + text + "\" has more than one ...");
        }
        if (used > shape.length) {
            throw Shapes.bad(
                    OP,
                    "\"" + text + "\" names " + used + " axes, and shape " + Shapes.text(shape) + " has "
                            + shape.length);
        }
        Cutter cutter = new Cutter(shape);
        int rest = (int) (shape.length - used);
        for (Part part : parts) {
            if (part == Mark.ELLIPSIS) {
                cutter.whole(rest);
                rest = 0;
            } else {
                cutter.cut(part);
            }
        }
        cutter.whole(rest);
        return cutter.plan();
    }

    /** Walks over the axes, first to last. */
    private static final class Cutter {
        private final int[] shape;
        private final int[] starts;
        private final int[] stops;
        private final int[] steps;
        private final List<Integer> out = new ArrayList<>();
        private int axis;

        Cutter(int[] shape) {
            this.shape = shape;
            starts = new int[shape.length];
            stops = new int[shape.length];
            steps = new int[shape.length];
        }

        void whole(int axes) {
            for (int i = 0; i < axes; i++) {
                set(0, shape[axis], 1);
                out.add(shape[axis++]);
            }
        }

        void cut(Part part) {
            switch (part) {
                case Mark _ -> out.add(1);
                case Single(int index) -> {
                    int at = Shapes.index(OP, index, shape[axis], axis, shape);
                    set(at, at + 1, 1);
                    axis++;
                }
                case Range range -> {
                    out.add(range(range, shape[axis]));
                    axis++;
                }
            }
        }

        /** Python's rules: bounds are clipped, a negative step walks backwards. Returns the number of elements. */
        private int range(Range range, int n) {
            int step = Math.clamp(range.step(), -Math.max(n, 1), Math.max(n, 1));
            int low = step > 0 ? 0 : -1;
            int high = step > 0 ? n : n - 1;
            int from = range.from() == null ? (step > 0 ? low : high) : clip(range.from(), n, low, high);
            int to = range.to() == null ? (step > 0 ? high : low) : clip(range.to(), n, low, high);
            int count = Math.max(0, step > 0 ? (to - from + step - 1) / step : (from - to - step - 1) / -step);
            if (count == 0) {
                set(0, 0, 1);
            } else if (step > 0) {
                set(from, to, step);
            } else {
                // MLX counts a negative stop from the end, so "before the first" is written -n - 1.
                set(from, to < 0 ? -n - 1 : to, step);
            }
            return count;
        }

        private static int clip(int index, int n, int low, int high) {
            return Math.clamp((long) index + (index < 0 ? n : 0), low, Math.max(low, high));
        }

        private void set(int start, int stop, int step) {
            starts[axis] = start;
            stops[axis] = stop;
            steps[axis] = step;
        }

        Plan plan() {
            return new Plan(starts, stops, steps, out.stream().mapToInt(i -> i).toArray());
        }
    }
}
