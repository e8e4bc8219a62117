package tinyllm.lab;

import java.util.Arrays;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import tinyllm.arrays.AffineGroup;
import tinyllm.arrays.GroupFn;
import tinyllm.lab.view.Picture;
import tinyllm.tensor.Tensor;

/** What quantizing does to the numbers of one real matrix, by a learner's quantizer (chapter 2.2). */
public final class GroupErrors {

    private static final int[] BITS = {2, 3, 4, 5, 6, 8};
    private static final int[] GROUPS = {32, 64, 128};
    private static final int ROWS = 256;

    /** Percent. A logarithmic axis has no 0, and a file's own 4-bit groups are met exactly. */
    private static final double LEAST = 1e-3;

    private final Supplier<? extends GroupFn> quantizer;
    private final float[] weights;

    private GroupErrors(Supplier<? extends GroupFn> quantizer, float[] weights) {
        this.quantizer = quantizer;
        this.weights = weights;
    }

    /**
     * Looks at the first rows of a matrix.
     *
     * @param matrix {@code [rows, cols]}, such as {@code model().weights().layers().get(5).downProj().weight()}
     */
    public static GroupErrors of(Supplier<? extends GroupFn> quantizer, Tensor matrix) {
        if (matrix.rank() != 2 || matrix.size() < GROUPS[GROUPS.length - 1]) {
            throw new IllegalArgumentException("a matrix of at least 128 weights is needed, not a tensor of shape "
                    + Arrays.toString(matrix.shape()));
        }
        int rows = Math.min(ROWS, matrix.dim(0));
        return new GroupErrors(quantizer, matrix.slice(0, 0, rows).toFloats());
    }

    /** One group's weights and the marks that stand for them. */
    public Picture group(int index, int size, int bits) {
        if (size < 1 || index < 0 || (long) (index + 1) * size > weights.length) {
            throw new IllegalArgumentException(
                    "there is no group " + index + " of " + size + " among " + weights.length + " weights");
        }
        float[] some = Arrays.copyOfRange(weights, index * size, (index + 1) * size);
        AffineGroup group = quantizer.get().quantize(some.clone(), bits);
        float[] values = group.values();
        double worst = IntStream.range(0, size)
                .mapToDouble(i -> Math.abs(values[i] - some[i]))
                .max()
                .orElse(0);
        String title = String.format(
                Locale.ROOT,
                "%d weights on %d marks, %.4f apart: none is more than %.4f away",
                size,
                1 << bits,
                group.scale(),
                worst);
        double[] x = IntStream.range(0, size).asDoubleStream().toArray();
        return Charts.plot(title, "weight of the group", "value")
                .points("weight", x, doubles(some))
                .points("scale · code + bias", x, doubles(values))
                .picture();
    }

    /** The relative error by bits, one line for each group size; x counts the bits of scale and bias (16 each) in. */
    public Picture byBits() {
        double[][] errors = new double[GROUPS.length][BITS.length];
        for (int g = 0; g < GROUPS.length; g++) {
            for (int b = 0; b < BITS.length; b++) {
                errors[g][b] = Math.max(LEAST, error(BITS[b], GROUPS[g]));
            }
        }
        String title = String.format(
                Locale.ROOT,
                "A bit more halves the error: %.1f %% with 4 bits, %.1f %% with 5 (groups of 64)",
                errors[1][2],
                errors[1][3]);
        Plot plot = Charts.plot(title, "bits a weight, scale and bias counted in", "error, % of the weights' size")
                .logY();
        for (int g = 0; g < GROUPS.length; g++) {
            int group = GROUPS[g];
            double[] x = Arrays.stream(BITS).mapToDouble(b -> b + 32.0 / group).toArray();
            plot.series("groups of " + group, x, errors[g]);
        }
        return plot.picture();
    }

    /** Percent: root mean square of the error over that of the weights. */
    public double error(int bits, int size) {
        GroupFn own = quantizer.get();
        double apart = 0;
        double all = 0;
        for (int at = 0; at + size <= weights.length; at += size) {
            float[] some = Arrays.copyOfRange(weights, at, at + size);
            float[] values = own.quantize(some.clone(), bits).values();
            for (int i = 0; i < size; i++) {
                apart += Math.pow(values[i] - some[i], 2);
                all += Math.pow(some[i], 2);
            }
        }
        return 100 * Math.sqrt(apart / all);
    }

    private static double[] doubles(float[] values) {
        return IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
    }
}
