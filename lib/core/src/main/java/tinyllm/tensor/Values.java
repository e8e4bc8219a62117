package tinyllm.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Function;
import org.bytedeco.mlx.array;
import org.bytedeco.mlx.global.mlx;

/** The values of tensors as Java arrays, in row-major order. */
final class Values {
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT;
    private static final int MAX_ARRAY = Integer.MAX_VALUE - 8;

    private Values() {}

    static float[] floats(Tensor x) {
        int n = length("toFloats", x);
        DType dtype = x.dtype();
        if (dtype != DType.F32 && dtype != DType.F16 && dtype != DType.BF16) {
            double[] doubles = doubles(x);
            float[] out = new float[n];
            for (int i = 0; i < n; i++) {
                out[i] = (float) doubles[i];
            }
            return out;
        }
        return read("toFloats", x, data -> {
            float[] out = new float[n];
            switch (dtype) {
                case F32 -> MemorySegment.copy(data, ValueLayout.JAVA_FLOAT, 0, out, 0, n);
                case F16 -> fill(n, i -> out[i] = Float.float16ToFloat(data.getAtIndex(SHORT, i)));
                default -> fill(n, i -> out[i] = Float.intBitsToFloat(data.getAtIndex(SHORT, i) << 16));
            }
            return out;
        });
    }

    static double[] doubles(Tensor x) {
        int n = length("toDoubles", x);
        DType dtype = x.dtype();
        double[] out = new double[n];
        if (dtype == DType.F64) {
            return read("toDoubles", x, data -> {
                MemorySegment.copy(data, ValueLayout.JAVA_DOUBLE, 0, out, 0, n);
                return out;
            });
        }
        if (dtype.isFloating()) {
            float[] floats = floats(x);
            fill(n, i -> out[i] = floats[i]);
        } else {
            long[] longs = longs("toDoubles", x);
            fill(n, i -> out[i] = longs[i]);
        }
        return out;
    }

    /** Floating values lose their fraction. */
    static long[] longs(String op, Tensor x) {
        int n = length(op, x);
        DType dtype = x.dtype();
        long[] out = new long[n];
        if (dtype.isFloating()) {
            double[] doubles = doubles(x);
            fill(n, i -> {
                if (!(Math.abs(doubles[i]) < 0x1p63)) {
                    throw unfit(op, doubles[i], i, x, "a long");
                }
                out[i] = (long) doubles[i];
            });
            return out;
        }
        return read(op, x, data -> {
            switch (dtype) {
                case BOOL, U8 -> fill(n, i -> out[i] = data.get(ValueLayout.JAVA_BYTE, i) & 0xFF);
                case I8 -> fill(n, i -> out[i] = data.get(ValueLayout.JAVA_BYTE, i));
                case U16 -> fill(n, i -> out[i] = data.getAtIndex(SHORT, i) & 0xFFFF);
                case I16 -> fill(n, i -> out[i] = data.getAtIndex(SHORT, i));
                case U32 -> fill(n, i -> out[i] = data.getAtIndex(ValueLayout.JAVA_INT, i) & 0xFFFFFFFFL);
                case I32 -> fill(n, i -> out[i] = data.getAtIndex(ValueLayout.JAVA_INT, i));
                default -> MemorySegment.copy(data, ValueLayout.JAVA_LONG, 0, out, 0, n);
            }
            return out;
        });
    }

    static int[] ints(Tensor x) {
        int n = length("toInts", x);
        int[] out = new int[n];
        if (x.dtype() == DType.I32) {
            return read("toInts", x, data -> {
                MemorySegment.copy(data, ValueLayout.JAVA_INT, 0, out, 0, n);
                return out;
            });
        }
        long[] longs = longs("toInts", x);
        fill(n, i -> {
            if (longs[i] != (int) longs[i]) {
                throw unfit("toInts", longs[i], i, x, "an int");
            }
            out[i] = (int) longs[i];
        });
        return out;
    }

    /** Everything but 0 is true. */
    static boolean[] booleans(Tensor x) {
        int n = length("toBooleans", x);
        boolean[] out = new boolean[n];
        double[] doubles = doubles(x);
        fill(n, i -> out[i] = doubles[i] != 0);
        return out;
    }

    static float[][] matrix(Tensor x) {
        if (x.rank() != 2) {
            throw Shapes.bad("toMatrix", "needs two axes, got shape " + Shapes.text(x.sizes()));
        }
        float[] flat = floats(x);
        float[][] rows = new float[x.sizes()[0]][x.sizes()[1]];
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(flat, i * rows[i].length, rows[i], 0, rows[i].length);
        }
        return rows;
    }

    static double item(Tensor x) {
        if (x.size() != 1) {
            throw Shapes.bad("item", "needs exactly one element, got shape " + Shapes.text(x.sizes()));
        }
        return doubles(x)[0];
    }

    private interface At {
        void run(int i);
    }

    private static void fill(int n, At body) {
        for (int i = 0; i < n; i++) {
            body.run(i);
        }
    }

    private static int length(String op, Tensor x) {
        if (x.size() > MAX_ARRAY) {
            throw Shapes.bad(op, x.describe() + " has more elements than a Java array; read a part of it with slice");
        }
        return (int) x.size();
    }

    private static IllegalArgumentException unfit(String op, Number value, int flat, Tensor x, String type) {
        return Shapes.bad(
                op,
                Printing.plain(value.doubleValue()) + " at " + Shapes.text(Shapes.unravel(flat, x.sizes())) + " of "
                        + x.describe() + " does not fit " + type);
    }

    /** Hands the row-major bytes to reader, under the lock that keeps them alive. */
    @SuppressWarnings("restricted")
    private static <T> T read(String op, Tensor x, Function<MemorySegment, T> reader) {
        return DeviceThread.locked(() -> {
            if (x.size() == 0) {
                return reader.apply(MemorySegment.NULL);
            }
            Tensor rows = DeviceThread.apply(
                    op,
                    x.layout() == Layout.STRIDED ? Layout.OWN : Layout.VIEW,
                    (call, in) -> mlx.contiguous(in[0], false, call.stream()),
                    x);
            try {
                DeviceThread.evaluate(op, rows);
                array value = rows.handle().array(op, rows);
                x.handle().isEvaluated();
                return reader.apply(
                        MemorySegment.ofAddress(value.data_void().address()).reinterpret(x.nbytes()));
            } finally {
                Registry.free(rows.handle());
            }
        });
    }
}
