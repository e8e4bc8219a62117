package tinyllm.tensor;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.bytedeco.mlx.array;
import org.bytedeco.mlx.global.mlx;

/** Operations on shape and order; most share their input's memory. */
final class Views {
    private Views() {}

    /** Shares the memory of a row-major tensor, copies a strided one. */
    static Tensor reshape(String op, Tensor x, int[] shape) {
        Layout layout = x.layout() == Layout.STRIDED ? Layout.OWN : Layout.VIEW;
        return DeviceThread.apply(op, layout, (call, in) -> mlx.reshape(in[0], call.shape(shape), call.stream()), x);
    }

    static Tensor transpose(String op, Tensor x, int... axes) {
        return DeviceThread.apply(
                op, Layout.STRIDED, (call, in) -> mlx.transpose(in[0], call.ints(axes), call.stream()), x);
    }

    static Tensor transpose(Tensor x, int[] axes) {
        int[] shape = x.sizes();
        int[] order = axes.length == 0 && shape.length > 0
                ? IntStream.range(0, shape.length)
                        .map(i -> shape.length - 1 - i)
                        .toArray()
                : Shapes.permutation("transpose", shape, axes);
        return transpose("transpose", x, order);
    }

    static Tensor swap(String op, Tensor x, int a, int b) {
        int i = Shapes.axis(op, x.sizes(), a);
        int j = Shapes.axis(op, x.sizes(), b);
        int[] order = IntStream.range(0, x.rank()).toArray();
        order[i] = j;
        order[j] = i;
        return transpose(op, x, order);
    }

    static Tensor lastTwoSwapped(Tensor x) {
        matrix("T", x);
        return swap("T", x, -2, -1);
    }

    static Tensor expandDims(Tensor x, int[] axes) {
        if (axes.length == 0) {
            throw Shapes.bad("expandDims", "name at least one axis of the result");
        }
        int[] out = new int[x.rank() + axes.length];
        Shapes.size("expandDims", out);
        Arrays.fill(out, -1);
        for (int axis : Shapes.axes("expandDims", out, axes)) {
            out[axis] = 1;
        }
        int next = 0;
        for (int i = 0; i < out.length; i++) {
            out[i] = out[i] == 1 ? 1 : x.sizes()[next++];
        }
        return relabel("expandDims", x, out);
    }

    static Tensor squeeze(Tensor x, int[] axes) {
        int[] shape = x.sizes();
        boolean[] gone = new boolean[shape.length];
        if (axes.length == 0) {
            IntStream.range(0, shape.length).forEach(i -> gone[i] = shape[i] == 1);
        } else {
            for (int axis : Shapes.axes("squeeze", shape, axes)) {
                if (shape[axis] != 1) {
                    throw Shapes.bad(
                            "squeeze",
                            "axis " + axis + " of shape " + Shapes.text(shape) + " has size " + shape[axis]
                                    + ", not 1");
                }
                gone[axis] = true;
            }
        }
        int[] out = IntStream.range(0, shape.length)
                .filter(i -> !gone[i])
                .map(i -> shape[i])
                .toArray();
        return relabel("squeeze", x, out);
    }

    /** A reshape that only adds or removes axes of size 1: it never copies. */
    private static Tensor relabel(String op, Tensor x, int[] shape) {
        Layout layout = x.layout() == Layout.STRIDED ? Layout.STRIDED : Layout.VIEW;
        return DeviceThread.apply(op, layout, (call, in) -> relabel(call, in[0], shape), x);
    }

    private static array relabel(DeviceThread.Call call, array x, int[] shape) {
        return mlx.reshape(x, call.shape(shape), call.stream());
    }

    static Tensor broadcastTo(Tensor x, int[] shape) {
        Shapes.broadcastTo("broadcastTo", x.sizes(), shape);
        return DeviceThread.apply(
                "broadcastTo",
                Layout.STRIDED,
                (call, in) -> mlx.broadcast_to(in[0], call.shape(shape), call.stream()),
                x);
    }

    static Tensor repeat(Tensor x, int times, int axis) {
        int normalized = Shapes.axis("repeat", x.sizes(), axis);
        if (times < 0) {
            throw Shapes.bad("repeat", "the number of times is " + times + "; it can't be negative");
        }
        long dim = (long) x.sizes()[normalized] * times;
        if (dim > Integer.MAX_VALUE) {
            throw Shapes.bad("repeat", "an axis of " + dim + " elements is longer than " + Integer.MAX_VALUE);
        }
        Shapes.size("repeat", Shapes.with(x.sizes(), normalized, (int) dim));
        if (dim == 0) {
            return Creation.full("repeat", 0, x.dtype(), Shapes.with(x.sizes(), normalized, 0));
        }
        return DeviceThread.apply("repeat", (call, in) -> mlx.repeat(in[0], times, normalized, call.stream()), x);
    }

    static Tensor[] split(Tensor x, int axis, int parts) {
        int normalized = Shapes.axis("split", x.sizes(), axis);
        int dim = x.sizes()[normalized];
        if (parts <= 0 || dim % parts != 0) {
            throw Shapes.bad(
                    "split",
                    "axis " + axis + " of shape " + Shapes.text(x.sizes()) + " has size " + dim
                            + ", which can't be cut into " + parts + " equal parts");
        }
        int each = dim / parts;
        return IntStream.range(0, parts)
                .mapToObj(i -> cut("split", x, normalized, i * each, (i + 1) * each))
                .toArray(Tensor[]::new);
    }

    static Tensor triangle(String op, Tensor x, int k, boolean lower) {
        matrix(op, x);
        int[] shape = x.sizes();
        int rows = shape[shape.length - 2];
        int columns = shape[shape.length - 1];
        int diagonal = Math.clamp(k, -rows, columns);
        return DeviceThread.apply(
                op,
                (call, in) ->
                        lower ? mlx.tril(in[0], diagonal, call.stream()) : mlx.triu(in[0], diagonal, call.stream()),
                x);
    }

    static Tensor contiguous(Tensor x) {
        Layout layout = x.layout() == Layout.STRIDED ? Layout.OWN : Layout.VIEW;
        return DeviceThread.apply("contiguous", layout, (call, in) -> mlx.contiguous(in[0], false, call.stream()), x);
    }

    static Tensor at(Tensor x, Index.Plan plan) {
        return DeviceThread.apply(
                "at",
                Layout.STRIDED,
                (call, in) -> {
                    array cut = call.temp(mlx.slice(
                            in[0],
                            call.shape(plan.starts()),
                            call.shape(plan.stops()),
                            call.shape(plan.steps()),
                            call.stream()));
                    return relabel(call, cut, plan.shape());
                },
                x);
    }

    static Tensor slice(Tensor x, int axis, int from, int to) {
        int normalized = Shapes.axis("slice", x.sizes(), axis);
        int dim = x.sizes()[normalized];
        long start = from < 0 ? (long) from + dim : from;
        long stop = to < 0 ? (long) to + dim : to;
        if (start < 0 || stop > dim || start > stop) {
            throw new IndexOutOfBoundsException("slice: " + from + " to " + to + " is no range of axis " + axis
                    + " with size " + dim + " (shape " + Shapes.text(x.sizes()) + ")");
        }
        return cut("slice", x, normalized, (int) start, (int) stop);
    }

    private static Tensor cut(String op, Tensor x, int axis, int from, int to) {
        int[] starts = Shapes.with(new int[x.rank()], axis, from);
        int[] stops = Shapes.with(x.sizes(), axis, to);
        return DeviceThread.apply(
                op,
                Layout.STRIDED,
                (call, in) -> mlx.slice(in[0], call.shape(starts), call.shape(stops), call.stream()),
                x);
    }

    private static void matrix(String op, Tensor x) {
        if (x.rank() < 2) {
            throw Shapes.bad(op, "needs at least two axes, got shape " + Shapes.text(x.sizes()));
        }
    }
}
