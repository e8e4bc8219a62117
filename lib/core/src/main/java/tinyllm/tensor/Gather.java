package tinyllm.tensor;

import java.util.Arrays;
import org.bytedeco.mlx.ArrayVector;
import org.bytedeco.mlx.array;
import org.bytedeco.mlx.global.mlx;

/**
 * Operations that move elements by index, and that join tensors. MLX trusts index values: one that is out of range reads or
 * writes foreign memory. So every value is read and checked here first.
 */
final class Gather {
    private Gather() {}

    static Tensor take(Tensor x, int[] indices, int axis) {
        int normalized = Shapes.axis("take", x.sizes(), axis);
        return gather(x, checked("take", indices, x, normalized), normalized);
    }

    static Tensor take(Tensor x, Tensor indices, int axis) {
        int normalized = Shapes.axis("take", x.sizes(), axis);
        Tensor safe = checked("take", indices, x, normalized);
        return gather(x, safe, normalized);
    }

    private static Tensor gather(Tensor x, Tensor safe, int axis) {
        int[] shape = new int[x.rank() - 1 + safe.rank()];
        System.arraycopy(x.sizes(), 0, shape, 0, axis);
        System.arraycopy(safe.sizes(), 0, shape, axis, safe.rank());
        System.arraycopy(x.sizes(), axis + 1, shape, axis + safe.rank(), x.rank() - axis - 1);
        if (Shapes.size("take", shape) == 0) {
            return Creation.full("take", 0, x.dtype(), shape);
        }
        return DeviceThread.apply("take", (call, in) -> mlx.take(in[0], in[1], axis, call.stream()), x, safe);
    }

    static Tensor takeAlongAxis(Tensor x, Tensor indices, int axis) {
        int normalized = Shapes.axis("takeAlongAxis", x.sizes(), axis);
        sameButAxis("takeAlongAxis", x, indices, normalized);
        Tensor safe = checked("takeAlongAxis", indices, x, normalized);
        if (safe.size() == 0) {
            return Creation.full("takeAlongAxis", 0, x.dtype(), safe.sizes());
        }
        return DeviceThread.apply(
                "takeAlongAxis", (call, in) -> mlx.take_along_axis(in[0], in[1], normalized, call.stream()), x, safe);
    }

    static Tensor putAlongAxis(Tensor x, Tensor indices, Tensor values, int axis) {
        int normalized = Shapes.axis("putAlongAxis", x.sizes(), axis);
        sameButAxis("putAlongAxis", x, indices, normalized);
        Shapes.broadcastTo("putAlongAxis", values.sizes(), indices.sizes());
        if (values.dtype() != x.dtype()) {
            throw Shapes.bad("putAlongAxis", "values of " + values.dtype() + " can't be put into " + x.describe());
        }
        Tensor safe = checked("putAlongAxis", indices, x, normalized);
        if (safe.size() == 0) {
            return x;
        }
        return DeviceThread.apply(
                "putAlongAxis",
                (call, in) -> mlx.put_along_axis(in[0], in[1], in[2], normalized, call.stream()),
                x,
                safe,
                values);
    }

    private static void sameButAxis(String op, Tensor x, Tensor indices, int axis) {
        boolean same = x.rank() == indices.rank();
        for (int i = 0; same && i < x.rank(); i++) {
            same = i == axis || x.sizes()[i] == indices.sizes()[i];
        }
        if (!same) {
            throw Shapes.bad(
                    op,
                    "the indices' shape " + Shapes.text(indices.sizes()) + " has to equal " + Shapes.text(x.sizes())
                            + " except at axis " + axis);
        }
    }

    /** The indices as I32 in 0 to n - 1, computed; negative ones count from the end. */
    private static Tensor checked(String op, Tensor indices, Tensor x, int axis) {
        if (!indices.dtype().isInteger()) {
            throw Shapes.bad(op, "indices have to be integers, got " + indices.describe());
        }
        int n = x.sizes()[axis];
        long[] values = indices.toLongs();
        int[] normal = new int[values.length];
        boolean changed = indices.dtype() != DType.I32;
        for (int i = 0; i < values.length; i++) {
            normal[i] = Shapes.index(op, values[i], n, axis, x.sizes());
            changed |= normal[i] != values[i];
        }
        return changed ? Creation.of(normal, indices.sizes()) : indices;
    }

    private static Tensor checked(String op, int[] indices, Tensor x, int axis) {
        int n = x.sizes()[axis];
        int[] normal = Arrays.stream(indices)
                .map(i -> Shapes.index(op, i, n, axis, x.sizes()))
                .toArray();
        return Creation.of(normal, new int[] {normal.length});
    }

    static Tensor concat(int axis, Tensor[] parts) {
        some("concat", parts);
        int[] first = parts[0].sizes();
        int normalized = Shapes.axis("concat", first, axis);
        long dim = 0;
        for (Tensor part : parts) {
            sameDtype("concat", parts[0], part);
            int[] shape = part.sizes();
            if (shape.length != first.length
                    || !Arrays.equals(Shapes.with(shape, normalized, 0), Shapes.with(first, normalized, 0))) {
                throw Shapes.bad(
                        "concat",
                        "shapes " + Shapes.text(first) + " and " + Shapes.text(shape) + " differ at another axis than "
                                + normalized);
            }
            dim += shape[normalized];
        }
        if (dim > Integer.MAX_VALUE) {
            throw Shapes.bad("concat", "an axis of " + dim + " elements is longer than " + Integer.MAX_VALUE);
        }
        Shapes.size("concat", Shapes.with(first, normalized, (int) dim));
        return DeviceThread.apply(
                "concat", (call, in) -> mlx.concatenate(vector(call, in), normalized, call.stream()), parts);
    }

    static Tensor stack(int axis, Tensor[] parts) {
        some("stack", parts);
        int[] first = parts[0].sizes();
        for (Tensor part : parts) {
            sameDtype("stack", parts[0], part);
            if (!Arrays.equals(first, part.sizes())) {
                throw Shapes.bad(
                        "stack", "shapes " + Shapes.text(first) + " and " + Shapes.text(part.sizes()) + " differ");
            }
        }
        int normalized = Shapes.axis("stack", new int[first.length + 1], axis);
        Shapes.size("stack", Shapes.insert(first, normalized, parts.length));
        return DeviceThread.apply("stack", (call, in) -> mlx.stack(vector(call, in), normalized, call.stream()), parts);
    }

    private static ArrayVector vector(DeviceThread.Call call, array[] in) {
        return call.temp(new ArrayVector(in));
    }

    private static void some(String op, Tensor[] parts) {
        if (parts.length == 0) {
            throw Shapes.bad(op, "needs at least one tensor");
        }
    }

    private static void sameDtype(String op, Tensor a, Tensor b) {
        if (a.dtype() != b.dtype()) {
            throw Shapes.bad(op, "dtypes differ: " + a.describe() + " and " + b.describe() + "; convert with astype");
        }
    }
}
