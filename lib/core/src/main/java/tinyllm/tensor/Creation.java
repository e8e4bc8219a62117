package tinyllm.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Consumer;
import org.bytedeco.mlx.ArrayOptional;
import org.bytedeco.mlx.array;
import org.bytedeco.mlx.global.mlx;

/** Tensors out of Java's values. */
final class Creation {
    private Creation() {}

    static Tensor of(float[] values, int[] shape) {
        int[] target = shape("of", values.length, shape);
        return filled(
                "of",
                DType.F32,
                target,
                to -> MemorySegment.copy(values, 0, to, ValueLayout.JAVA_FLOAT, 0, values.length));
    }

    static Tensor of(double[] values, int[] shape) {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return of(floats, shape);
    }

    static Tensor of(int[] values, int[] shape) {
        int[] target = shape("of", values.length, shape);
        return filled(
                "of",
                DType.I32,
                target,
                to -> MemorySegment.copy(values, 0, to, ValueLayout.JAVA_INT, 0, values.length));
    }

    static Tensor of(long[] values, int[] shape) {
        int[] target = shape("of", values.length, shape);
        return filled(
                "of",
                DType.I64,
                target,
                to -> MemorySegment.copy(values, 0, to, ValueLayout.JAVA_LONG, 0, values.length));
    }

    static Tensor of(boolean[] values, int[] shape) {
        int[] target = shape("of", values.length, shape);
        return filled("of", DType.BOOL, target, to -> {
            for (int i = 0; i < values.length; i++) {
                to.set(ValueLayout.JAVA_BYTE, i, (byte) (values[i] ? 1 : 0));
            }
        });
    }

    static Tensor of(float[][] rows) {
        int columns = columns(rows.length, i -> rows[i].length);
        float[] flat = new float[Math.multiplyExact(rows.length, columns)];
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(rows[i], 0, flat, i * columns, columns);
        }
        return of(flat, new int[] {rows.length, columns});
    }

    static Tensor of(int[][] rows) {
        int columns = columns(rows.length, i -> rows[i].length);
        int[] flat = new int[Math.multiplyExact(rows.length, columns)];
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(rows[i], 0, flat, i * columns, columns);
        }
        return of(flat, new int[] {rows.length, columns});
    }

    private static int columns(int rows, java.util.function.IntUnaryOperator length) {
        int columns = rows == 0 ? 0 : length.applyAsInt(0);
        for (int i = 1; i < rows; i++) {
            if (length.applyAsInt(i) != columns) {
                throw Shapes.bad(
                        "of", "row 0 has " + columns + " values and row " + i + " has " + length.applyAsInt(i));
            }
        }
        return columns;
    }

    static Tensor of(MemorySegment data, DType dtype, int[] shape) {
        long bytes = Shapes.size("of", shape) * dtype.bytes();
        if (data.byteSize() != bytes) {
            throw Shapes.bad(
                    "of",
                    "shape " + Shapes.text(shape) + " of " + dtype + " takes " + bytes + " bytes, and the segment has "
                            + data.byteSize());
        }
        if (dtype == DType.BOOL) {
            // Any byte that is not 0 counts as true; MLX would keep it as it is.
            return filled("of", DType.U8, shape, to -> to.copyFrom(data)).astype(DType.BOOL);
        }
        return filled("of", dtype, shape, to -> to.copyFrom(data));
    }

    /** New memory of MLX's own that Java writes: the bytes are in a file's mapping or an array, and are copied once. */
    @SuppressWarnings("restricted")
    private static Tensor filled(String op, DType dtype, int[] shape, Consumer<MemorySegment> fill) {
        long bytes = Shapes.size(op, shape) * Dtypes.available(op, dtype).bytes();
        return DeviceThread.locked(() -> {
            Registry.admit(op, shape, dtype, bytes);
            array target = DeviceThread.empty(op, dtype, shape);
            try {
                if (bytes > 0) {
                    fill.accept(MemorySegment.ofAddress(target.data_void().address())
                            .reinterpret(bytes));
                }
            } catch (RuntimeException | Error e) {
                target.deallocate();
                throw e;
            }
            return Registry.adopt(op, target, Layout.OWN, 0);
        });
    }

    private static int[] shape(String op, int values, int[] shape) {
        if (shape.length == 0) {
            return new int[] {values};
        }
        if (Shapes.size(op, shape) != values) {
            throw Shapes.bad(
                    op, "shape " + Shapes.text(shape) + " takes " + Shapes.size(op, shape) + " values, got " + values);
        }
        return shape.clone();
    }

    static Tensor full(String op, double value, DType dtype, int[] shape) {
        Shapes.size(op, shape);
        double checked = Dtypes.available(op, dtype).checked(op, value);
        return DeviceThread.apply(
                op,
                (call, in) ->
                        mlx.full(call.shape(shape), call.scalar(checked, dtype), call.dtype(dtype), call.stream()));
    }

    static Tensor scalar(double value, DType dtype) {
        double checked = Dtypes.available("scalar", dtype).checked("scalar", value);
        return DeviceThread.locked(() -> Registry.adopt("scalar", Dtypes.scalar(checked, dtype), Layout.OWN, 0));
    }

    static Tensor arange(int stop) {
        if (stop < 0) {
            throw Shapes.bad("arange", "the stop is " + stop + "; it can't be negative");
        }
        return stop == 0
                ? full("arange", 0, DType.I32, new int[] {0})
                : DeviceThread.apply("arange", (call, in) -> mlx.arange(0, stop, 1, call.stream()));
    }

    static Tensor arange(double start, double stop, double step) {
        double count = Math.ceil((stop - start) / step);
        if (!Double.isFinite(count) || step == 0 || count > Integer.MAX_VALUE) {
            throw Shapes.bad(
                    "arange",
                    "from " + Printing.plain(start) + " to " + Printing.plain(stop) + " in steps of "
                            + Printing.plain(step) + " is no range that ends");
        }
        if (count <= 0) {
            return full("arange", 0, DType.F32, new int[] {0});
        }
        float[] values = new float[(int) count];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (start + i * step);
        }
        return of(values, new int[] {values.length});
    }

    static Tensor eye(int n) {
        if (n < 0) {
            throw Shapes.bad("eye", "the size is " + n + "; it can't be negative");
        }
        return n == 0
                ? full("eye", 0, DType.F32, new int[] {0, 0})
                : DeviceThread.apply("eye", (call, in) -> mlx.eye(n, call.dtype(DType.F32), call.stream()));
    }

    static Tensor uniform(long seed, int[] shape) {
        Shapes.size("uniform", shape);
        return DeviceThread.apply("uniform", (call, in) -> {
            ArrayOptional key = call.temp(new ArrayOptional(call.temp(mlx.key(seed))));
            return mlx.uniform(
                    call.scalar(0, DType.F32),
                    call.scalar(1, DType.F32),
                    call.shape(shape),
                    call.dtype(DType.F32),
                    key,
                    call.stream());
        });
    }

    static Tensor normal(long seed, int[] shape) {
        Shapes.size("normal", shape);
        return DeviceThread.apply("normal", (call, in) -> {
            ArrayOptional key = call.temp(new ArrayOptional(call.temp(mlx.key(seed))));
            return mlx.normal(call.shape(shape), call.dtype(DType.F32), 0f, 1f, key, call.stream());
        });
    }
}
