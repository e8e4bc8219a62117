package tinyllm.lab;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import tinyllm.arrays.PackedRows;
import tinyllm.arrays.QuantizedLinearFn;
import tinyllm.course.ReferenceUse;

/**
 * A vector times a matrix of 4 bits with the Vector API: a word at a time (chapter 2.2). Here and not in the core, since the module of
 * the Vector API has to be asked for when a JVM starts, and notebooks do.
 */
public final class VectorLinear implements QuantizedLinearFn {

    /** Eight lanes where the CPU has them, else four. */
    private static final VectorSpecies<Integer> INTS =
            IntVector.SPECIES_PREFERRED.length() < 8 ? IntVector.SPECIES_128 : IntVector.SPECIES_256;

    private static final VectorSpecies<Float> FLOATS = VectorSpecies.of(float.class, INTS.vectorShape());
    private static final int LANES = INTS.length();
    private static final IntVector SHIFTS = IntVector.zero(INTS).addIndex(4);

    @Override
    public float[] apply(float[] x, PackedRows w) {
        ReferenceUse.note("2.2 vector");
        int groups = w.cols() / w.groupSize();
        float[] xSums = new float[groups];
        for (int c = 0; c < x.length; c++) {
            xSums[c / w.groupSize()] += x[c];
        }
        float[] y = new float[w.rows()];
        for (int r = 0; r < y.length; r++) {
            FloatVector total = FloatVector.zero(FLOATS);
            float offset = 0;
            for (int g = 0; g < groups; g++) {
                int at = r * groups + g;
                total = group(x, w, g, at).fma(FloatVector.broadcast(FLOATS, w.scales()[at]), total);
                offset += w.biases()[at] * xSums[g];
            }
            y[r] = total.reduceLanes(VectorOperators.ADD) + offset;
        }
        return y;
    }

    /** Codes times x over one group, in lanes. */
    private static FloatVector group(float[] x, PackedRows w, int group, int at) {
        FloatVector sum = FloatVector.zero(FLOATS);
        int words = w.groupSize() / 8;
        for (int i = 0; i < words; i++) {
            int word = w.words()[at * words + i];
            for (int k = 0; k < 8; k += LANES) {
                FloatVector codes = (FloatVector) IntVector.broadcast(INTS, word >>> 4 * k)
                        .lanewise(VectorOperators.LSHR, SHIFTS)
                        .and(15)
                        .convert(VectorOperators.I2F, 0);
                sum = FloatVector.fromArray(FLOATS, x, group * w.groupSize() + 8 * i + k)
                        .fma(codes, sum);
            }
        }
        return sum;
    }
}
