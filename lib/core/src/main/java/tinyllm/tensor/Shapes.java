package tinyllm.tensor;

import java.util.Arrays;

/** The rules of shapes, in plain Java: what MLX would refuse, or silently wrap, is refused here by a sentence. */
final class Shapes {
    static final int MAX_RANK = 32;

    private Shapes() {}

    static String text(int[] shape) {
        return Arrays.toString(shape);
    }

    /** The number of elements; refuses negative sizes and a number of bytes that overflows. */
    static long size(String op, int[] shape) {
        if (shape.length > MAX_RANK) {
            throw bad(
                    op,
                    "a tensor has at most " + MAX_RANK + " dimensions, and shape " + text(shape) + " has "
                            + shape.length);
        }
        long bytes = Long.BYTES;
        long size = 1;
        for (int dim : shape) {
            if (dim < 0) {
                throw bad(op, "shape " + text(shape) + " has the negative size " + dim);
            }
            // Zero sizes are left out: the product of the others must fit all the same.
            if (Math.multiplyHigh(bytes, Math.max(dim, 1)) != 0 || bytes * Math.max(dim, 1) < 0) {
                throw bad(op, "shape " + text(shape) + " has more elements than memory can be addressed");
            }
            bytes *= Math.max(dim, 1);
            size *= dim;
        }
        return size;
    }

    static int axis(String op, int[] shape, int axis) {
        if (axis < -shape.length || axis >= shape.length) {
            throw bad(op, "axis " + axis + " is out of range for shape " + text(shape) + axisLimits(shape.length));
        }
        return axis < 0 ? axis + shape.length : axis;
    }

    private static String axisLimits(int rank) {
        return rank == 0 ? " (a scalar has no axis)" : " (allowed: " + -rank + " to " + (rank - 1) + ")";
    }

    /** Normalized, distinct axes in rising order; none given means all. */
    static int[] axes(String op, int[] shape, int[] axes) {
        int[] out = new int[axes.length == 0 ? shape.length : axes.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = axes.length == 0 ? i : axis(op, shape, axes[i]);
        }
        Arrays.sort(out);
        for (int i = 1; i < out.length; i++) {
            if (out[i] == out[i - 1]) {
                throw bad(op, "axis " + out[i] + " is named twice in " + text(axes));
            }
        }
        return out;
    }

    static int[] permutation(String op, int[] shape, int[] axes) {
        if (axes.length != shape.length) {
            throw bad(op, "shape " + text(shape) + " needs " + shape.length + " axes, got " + text(axes));
        }
        axes(op, shape, axes);
        return Arrays.stream(axes).map(a -> axis(op, shape, a)).toArray();
    }

    /** The shape that two operands broadcast to, aligned at their last axes as in NumPy. */
    static int[] broadcast(String op, int[] a, int[] b) {
        int rank = Math.max(a.length, b.length);
        int[] out = new int[rank];
        for (int i = 1; i <= rank; i++) {
            int x = i <= a.length ? a[a.length - i] : 1;
            int y = i <= b.length ? b[b.length - i] : 1;
            if (x != y && x != 1 && y != 1) {
                throw bad(
                        op,
                        "shapes " + text(a) + " and " + text(b) + " do not broadcast: axis -" + i + " has sizes " + x
                                + " and " + y);
            }
            out[rank - i] = x == 1 ? y : x;
        }
        size(op, out);
        return out;
    }

    static void broadcastTo(String op, int[] from, int[] to) {
        size(op, to);
        boolean fits = from.length <= to.length;
        for (int i = 1; fits && i <= from.length; i++) {
            int x = from[from.length - i];
            fits = x == 1 || x == to[to.length - i];
        }
        if (!fits) {
            throw bad(op, "shape " + text(from) + " can't be broadcast to " + text(to));
        }
    }

    /** The wanted shape with its one -1 filled in. */
    static int[] reshape(String op, int[] from, int[] to) {
        long size = size(op, from);
        int hole = -1;
        int[] out = to.clone();
        for (int i = 0; i < to.length; i++) {
            if (to[i] == -1) {
                if (hole >= 0) {
                    throw bad(op, "only one size may be -1, got " + text(to));
                }
                hole = i;
                out[i] = 1;
            }
        }
        long known = size(op, out);
        if (hole >= 0 && known > 0 && size % known == 0 && size / known <= Integer.MAX_VALUE) {
            out[hole] = (int) (size / known);
            known = size;
        } else if (hole >= 0) {
            known = -1;
        }
        if (known != size) {
            throw bad(op, "shape " + text(from) + " has " + size + " elements, which do not fill shape " + text(to));
        }
        return out;
    }

    /** The shape of a matrix product as NumPy has it: [..., M, K] x [..., K, N] -> [..., M, N]. */
    static int[] matmul(int[] a, int[] b) {
        if (a.length == 0 || b.length == 0) {
            throw bad("matmul", "needs at least one axis on both sides, got shapes " + text(a) + " and " + text(b));
        }
        int[] left = a.length == 1 ? new int[] {1, a[0]} : a;
        int[] right = b.length == 1 ? new int[] {b[0], 1} : b;
        int k = left[left.length - 1];
        if (k != right[right.length - 2]) {
            throw bad(
                    "matmul",
                    "shapes " + text(a) + " and " + text(b) + " do not fit: the last axis of the first has size " + k
                            + ", the " + (b.length == 1 ? "only" : "second-last") + " axis of the second "
                            + right[right.length - 2]);
        }
        int[] lead = broadcast("matmul", Arrays.copyOf(left, left.length - 2), Arrays.copyOf(right, right.length - 2));
        int[] out = Arrays.copyOf(lead, lead.length + 2);
        out[lead.length] = left[left.length - 2];
        out[lead.length + 1] = right[right.length - 1];
        size("matmul", out);
        return out;
    }

    /** The position of a flat row-major index. */
    static int[] unravel(long flat, int[] shape) {
        int[] out = new int[shape.length];
        for (int i = shape.length - 1; i >= 0; i--) {
            out[i] = (int) (flat % shape[i]);
            flat /= shape[i];
        }
        return out;
    }

    /** A normalized index along an axis of n elements. */
    static int index(String op, long index, int n, int axis, int[] shape) {
        if (index < -(long) n || index >= n) {
            throw new IndexOutOfBoundsException(op + ": index " + index + " is out of range for axis " + axis
                    + " with size " + n + " (shape " + text(shape) + ")");
        }
        return (int) (index < 0 ? index + n : index);
    }

    static int[] insert(int[] shape, int axis, int dim) {
        int[] out = new int[shape.length + 1];
        System.arraycopy(shape, 0, out, 0, axis);
        out[axis] = dim;
        System.arraycopy(shape, axis, out, axis + 1, shape.length - axis);
        return out;
    }

    static int[] with(int[] shape, int axis, int dim) {
        int[] out = shape.clone();
        out[axis] = dim;
        return out;
    }

    static IllegalArgumentException bad(String op, String why) {
        return new IllegalArgumentException(op + ": " + why);
    }
}
