package tinyllm.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;

/** The slow truth: an n-dimensional array of doubles with loops over indices, and nothing shared with the code under test. */
record Nd(int[] shape, double[] values) {
    interface Value {
        double at(int[] index);
    }

    static Nd build(int[] shape, Value value) {
        int size = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
        double[] values = new double[size];
        for (int flat = 0; flat < size; flat++) {
            values[flat] = value.at(index(flat, shape));
        }
        return new Nd(shape, values);
    }

    static int[] index(int flat, int[] shape) {
        int[] out = new int[shape.length];
        for (int axis = shape.length - 1, rest = flat; axis >= 0; axis--) {
            out[axis] = rest % shape[axis];
            rest /= shape[axis];
        }
        return out;
    }

    /** Values in [low, high) that every dtype of at least 16 bits holds exactly: multiples of 1/8. */
    static Nd random(long seed, double low, double high, int... shape) {
        Random random = new Random(seed);
        return build(shape, i -> Math.rint(random.nextDouble(low, high) * 8) / 8);
    }

    static Nd integers(long seed, int low, int high, int... shape) {
        Random random = new Random(seed);
        return build(shape, i -> random.nextInt(low, high));
    }

    static Nd of(Tensor tensor) {
        return new Nd(tensor.shape(), tensor.toDoubles());
    }

    Tensor tensor(DType dtype) {
        return Tensor.of(values, shape).reshape(shape).astype(dtype);
    }

    Tensor tensor() {
        return tensor(DType.F32);
    }

    double get(int... index) {
        int flat = 0;
        for (int axis = 0; axis < shape.length; axis++) {
            flat = flat * shape[axis] + index[axis];
        }
        return values[flat];
    }

    /** The element that an index of a broadcast result reads. */
    double stretched(int[] index) {
        int[] own = new int[shape.length];
        for (int axis = 0; axis < own.length; axis++) {
            int i = index[index.length - own.length + axis];
            own[axis] = shape[axis] == 1 ? 0 : i;
        }
        return get(own);
    }

    Nd map(DoubleUnaryOperator f) {
        return new Nd(shape, Arrays.stream(values).map(f).toArray());
    }

    Nd with(Nd other, DoubleBinaryOperator f) {
        int rank = Math.max(shape.length, other.shape.length);
        int[] out = IntStream.range(0, rank)
                .map(i -> stretch(shape, i - rank + shape.length, other.shape, i - rank + other.shape.length))
                .toArray();
        return build(out, i -> f.applyAsDouble(stretched(i), other.stretched(i)));
    }

    private static int stretch(int[] a, int i, int[] b, int j) {
        int x = i < 0 ? 1 : a[i];
        int y = j < 0 ? 1 : b[j];
        return x == 1 ? y : x;
    }

    interface Fold {
        double of(double[] values);
    }

    /** Folds over normalized axes, which stay with size 1. */
    Nd fold(Fold f, int... axes) {
        int[] out = shape.clone();
        int[] inner = shape.clone();
        Arrays.setAll(inner, axis -> IntStream.of(axes).anyMatch(a -> a == axis) ? shape[axis] : 1);
        IntStream.of(axes).forEach(axis -> out[axis] = 1);
        return build(out, i -> f.of(build(inner, j -> get(sum(i, j))).values()));
    }

    private static int[] sum(int[] a, int[] b) {
        return IntStream.range(0, a.length).map(i -> a[i] + b[i]).toArray();
    }

    Nd reshaped(int... to) {
        return new Nd(to, values);
    }

    /** Shape, dtype and values within the dtype's tolerance. */
    void matches(Tensor actual, DType dtype) {
        matches(actual, dtype, Tolerance.of(dtype));
    }

    void matches(Tensor actual, DType dtype, Tolerance tolerance) {
        assertThat(actual.shape()).as("shape").isEqualTo(shape);
        assertThat(actual.dtype()).isEqualTo(dtype);
        double[] got = actual.toDoubles();
        for (int i = 0; i < got.length; i++) {
            double want = values[i];
            boolean same = want == got[i] || (Double.isNaN(want) && Double.isNaN(got[i]));
            if (!same && !(Math.abs(got[i] - want) <= tolerance.atol() + tolerance.rtol() * Math.abs(want))) {
                throw new AssertionError("at " + Arrays.toString(index(i, shape)) + " of shape "
                        + Arrays.toString(shape) + ": expected " + want + ", got " + got[i]);
            }
        }
    }

    void matches(Tensor actual) {
        matches(actual, DType.F32);
    }
}
