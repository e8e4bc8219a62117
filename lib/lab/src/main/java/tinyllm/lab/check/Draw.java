package tinyllm.lab.check;

import java.util.Random;
import tinyllm.tensor.Tensor;

/** Draws the inputs of a case from its seed, one after the other. */
public final class Draw {

    private final Random random;

    public Draw(long seed) {
        random = new Random(seed);
    }

    /** Normally distributed float32. */
    public Tensor normal(int... shape) {
        return Tensor.of(floats(shape, 1), shape);
    }

    /** Normally distributed float32 with this standard deviation. */
    public Tensor scaled(double deviation, int... shape) {
        return Tensor.of(floats(shape, deviation), shape);
    }

    /** The old name of {@link #scaled}, for a number with a decimal point: {@code normal(100, 3)} is a shape. */
    public Tensor normal(double deviation, int... shape) {
        return scaled(deviation, shape);
    }

    /** An integer in from…to, both included. */
    public int between(int from, int to) {
        return random.nextInt(from, to + 1);
    }

    /** These values, each moved on by the same number of places, 1 at least; the last ones come round to the front. */
    public float[] turned(float... values) {
        int turn = between(1, values.length - 1);
        float[] turned = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            turned[(i + turn) % values.length] = values[i];
        }
        return turned;
    }

    /** Ids in 0…limit-1. */
    public int[] ids(int count, int limit) {
        return random.ints(count, 0, limit).toArray();
    }

    private float[] floats(int[] shape, double deviation) {
        int size = 1;
        for (int d : shape) {
            size = Math.multiplyExact(size, d);
        }
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) (random.nextGaussian() * deviation);
        }
        return values;
    }

    /** The causal mask, float32 {@code [l, s]}: 0 where key j ≤ i + (s - l), else -inf. */
    public static Tensor causal(int l, int s) {
        float[] values = new float[l * s];
        for (int i = 0; i < l; i++) {
            for (int j = 0; j < s; j++) {
                values[i * s + j] = j <= i + s - l ? 0 : Float.NEGATIVE_INFINITY;
            }
        }
        return Tensor.of(values, l, s);
    }
}
