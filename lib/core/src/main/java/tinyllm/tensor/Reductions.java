package tinyllm.tensor;

import java.util.stream.IntStream;
import org.bytedeco.mlx.IntVector;
import org.bytedeco.mlx.StreamOrDevice;
import org.bytedeco.mlx.array;
import org.bytedeco.mlx.global.mlx;

/** Operations that fold, order or accumulate elements along axes. */
final class Reductions {
    interface Fold {
        array apply(array x, IntVector axes, boolean keep, StreamOrDevice stream);
    }

    interface Along {
        array apply(array x, int axis, StreamOrDevice stream);
    }

    private Reductions() {}

    /** Sums: of F16 and BF16 they are taken in F32 and rounded once. */
    static Tensor sum(String op, Tensor x, boolean keep, int[] axes, Fold fold) {
        int[] normalized = Shapes.axes(op, x.sizes(), axes);
        DType dtype = x.dtype();
        boolean half = dtype == DType.F16 || dtype == DType.BF16;
        Tensor total = DeviceThread.apply(
                op,
                (call, in) -> {
                    StreamOrDevice s = call.stream();
                    if (normalized.length == 0) {
                        return fold.apply(in[0], call.ints(), keep, s);
                    }
                    if (!half) {
                        return fold.apply(in[0], call.ints(normalized), keep, s);
                    }
                    array wide = call.temp(mlx.astype(in[0], call.dtype(DType.F32), s));
                    array folded = call.temp(fold.apply(wide, call.ints(normalized), keep, s));
                    return mlx.astype(folded, call.dtype(dtype), s);
                },
                x);
        return x.size() == 0 ? overNothing(op, total, op.startsWith("mean") ? Double.NaN : 0) : total;
    }

    /** MLX's loop over a transposed array without elements does not end: only its shape and dtype are asked of it. */
    private static Tensor overNothing(String op, Tensor lazy, double value) {
        return Creation.full(op, lazy.dtype().isFloating() ? value : 0, lazy.dtype(), lazy.sizes());
    }

    static Tensor logSumExp(Tensor x, int[] axes) {
        floating("logSumExp", x);
        int[] gone = Shapes.axes("logSumExp", x.sizes(), axes);
        if (x.size() == 0) {
            int[] shape = IntStream.range(0, x.rank())
                    .filter(i -> IntStream.of(gone).noneMatch(a -> a == i))
                    .map(i -> x.sizes()[i])
                    .toArray();
            return Creation.full("logSumExp", Double.NEGATIVE_INFINITY, x.dtype(), shape);
        }
        return sum("logSumExp", x, false, axes, mlx::logsumexp);
    }

    /** A largest or smallest value, which nothing has none of. */
    static Tensor extreme(String op, Tensor x, boolean keep, int[] axes, Fold fold) {
        int[] normalized = Shapes.axes(op, x.sizes(), axes);
        for (int axis : normalized) {
            someAlong(op, x, axis);
        }
        Tensor best =
                DeviceThread.apply(op, (call, in) -> fold.apply(in[0], call.ints(normalized), keep, call.stream()), x);
        return x.size() == 0 ? overNothing(op, best, 0) : best;
    }

    static Tensor arg(String op, Tensor x, int axis, Along along) {
        Elementwise.numbers(op, x);
        int normalized = Shapes.axis(op, x.sizes(), axis);
        someAlong(op, x, normalized);
        return order(op, x, normalized, along);
    }

    static Tensor argsort(Tensor x, int axis) {
        Elementwise.numbers("argsort", x);
        return order("argsort", x, Shapes.axis("argsort", x.sizes(), axis), mlx::argsort);
    }

    /** MLX gives positions as U32. */
    private static Tensor order(String op, Tensor x, int axis, Along along) {
        return DeviceThread.apply(
                op,
                (call, in) -> mlx.astype(
                        call.temp(along.apply(in[0], axis, call.stream())), call.dtype(DType.I32), call.stream()),
                x);
    }

    static Tensor sort(Tensor x, int axis) {
        Elementwise.numbers("sort", x);
        int normalized = Shapes.axis("sort", x.sizes(), axis);
        return DeviceThread.apply("sort", (call, in) -> mlx.sort(in[0], normalized, call.stream()), x);
    }

    static Tensor cumsum(Tensor x, int axis) {
        int normalized = Shapes.axis("cumsum", x.sizes(), axis);
        DType dtype = x.dtype();
        DType inside = dtype == DType.BOOL ? DType.I32 : dtype == DType.F16 || dtype == DType.BF16 ? DType.F32 : dtype;
        DType outside = dtype == DType.BOOL ? DType.I32 : dtype;
        return DeviceThread.apply(
                "cumsum",
                (call, in) -> {
                    StreamOrDevice s = call.stream();
                    array wide = call.temp(mlx.astype(in[0], call.dtype(inside), s));
                    array sums = call.temp(mlx.cumsum(wide, normalized, false, true, null, s));
                    return mlx.astype(sums, call.dtype(outside), s);
                },
                x);
    }

    static boolean all(Tensor x) {
        return x.size() == 0
                || Elementwise.any("all", x, (a, s) -> mlx.all(a, false, s)).toBooleans()[0];
    }

    static boolean any(Tensor x) {
        return x.size() != 0
                && Elementwise.any("any", x, (a, s) -> mlx.any(a, false, s)).toBooleans()[0];
    }

    private static void someAlong(String op, Tensor x, int axis) {
        if (x.sizes()[axis] == 0) {
            throw Shapes.bad(
                    op, "axis " + axis + " of shape " + Shapes.text(x.sizes()) + " is empty, so it has no " + op);
        }
    }

    private static void floating(String op, Tensor x) {
        if (!x.dtype().isFloating()) {
            throw Shapes.bad(op, "needs a floating dtype, got " + x.describe() + "; convert with astype(F32)");
        }
    }
}
