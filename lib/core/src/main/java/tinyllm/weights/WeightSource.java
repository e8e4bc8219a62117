package tinyllm.weights;

import java.util.Arrays;
import tinyllm.weights.format.MappedFile;

/** A tensor's real numbers, read in units (a quantized block, a row, or a single element) by several threads at once. */
sealed interface WeightSource permits StoredTensor, QuantizedTensor {
    MappedFile file();

    long units();

    int unitElements();

    /** A reader with its own scratch arrays, for one thread, of at most {@code maxUnits} units at a time. */
    Reader reader(int maxUnits);

    interface Reader {
        /** Writes {@code count · unitElements()} values, from unit {@code first} on, to the start of out. */
        void read(long first, int count, float[] out);
    }

    /** {@code out[i] = scale[g] · (code[i] − zero) + min[g]} over count elements in groups; codes are unsigned. */
    static void affine(
            byte[] codes, float[] scales, float[] mins, int zero, int groupSize, int count, float[] out, int outAt) {
        for (int g = 0, at = 0; at < count; g++, at += groupSize) {
            float scale = scales[g];
            float min = mins[g];
            for (int i = at; i < at + groupSize; i++) {
                out[outAt + i] = scale * ((codes[i] & 0xFF) - zero) + min;
            }
        }
    }

    /** The product of dims, in long arithmetic. */
    static long product(int[] dims) {
        return Arrays.stream(dims).asLongStream().reduce(1, Math::multiplyExact);
    }
}
