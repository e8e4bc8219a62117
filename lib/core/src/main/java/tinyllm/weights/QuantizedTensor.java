package tinyllm.weights;

import java.util.Arrays;
import tinyllm.weights.format.ElementType;
import tinyllm.weights.format.FormatException;
import tinyllm.weights.format.MappedFile;

/**
 * An MLX-quantized matrix: three tensors of a safetensors checkpoint that count as one. A unit is a row.
 *
 * @param weight {@code [out, in · bits / 32]} words
 * @param scales {@code [out, in / groupSize]}
 * @param biases {@code [out, in / groupSize]}
 */
record QuantizedTensor(AffineQuantization form, StoredTensor weight, StoredTensor scales, StoredTensor biases)
        implements WeightSource {

    // MLX's own kernels do not compare these shapes and read past the end (row F11)
    QuantizedTensor {
        int[] words = weight.shape();
        int[] groups = scales.shape();
        String name = weight.entry().name();
        if (weight.entry().type() != ElementType.U32 || words.length != 2) {
            throw new FormatException("quantized \"" + name + "\" has to be a matrix of U32, not "
                    + weight.entry().type() + " " + Arrays.toString(words));
        }
        if (!Arrays.equals(groups, biases.shape())
                || scales.entry().type() != biases.entry().type()) {
            throw new FormatException("scales of \"" + name + "\" are "
                    + scales.entry().type() + " "
                    + Arrays.toString(groups) + ", its biases " + biases.entry().type() + " "
                    + Arrays.toString(biases.shape()) + "; they have to be alike");
        }
        if (!scales.entry().type().isReal()) {
            throw new FormatException(
                    "scales of \"" + name + "\" are " + scales.entry().type() + ", not real numbers");
        }
        long in = words[1] * 32L / form.bits();
        if (groups.length != 2
                || groups[0] != words[0]
                || in * form.bits() != words[1] * 32L
                || (long) groups[1] * form.groupSize() != in) {
            throw new FormatException("weight \"" + name + "\" has shape " + Arrays.toString(words) + " and its scales "
                    + Arrays.toString(groups) + "; with " + form.bits() + " bits and groups of " + form.groupSize()
                    + " the scales have to be [" + words[0] + ", " + in / (double) form.groupSize() + "]");
        }
    }

    int[] shape() {
        return new int[] {weight.shape()[0], scales.shape()[1] * form.groupSize()};
    }

    @Override
    public MappedFile file() {
        return weight.file();
    }

    @Override
    public long units() {
        return shape()[0];
    }

    @Override
    public int unitElements() {
        return shape()[1];
    }

    @Override
    public Reader reader(int maxUnits) {
        int cols = unitElements();
        int groups = cols / form.groupSize();
        int rowBytes = cols / 8 * form.bits();
        ElementType real = scales.entry().type();
        byte[] packed = new byte[rowBytes];
        byte[] codes = new byte[cols];
        byte[] raw = new byte[groups * real.blockBytes()];
        float[] rowScales = new float[groups];
        float[] rowBiases = new float[groups];
        return (first, count, out) -> {
            for (int r = 0; r < count; r++) {
                long row = first + r;
                weight.copy(row * rowBytes, packed, rowBytes);
                form.unpack(packed, codes, cols);
                scales.copy(row * raw.length, raw, raw.length);
                StoredTensor.floats(real, raw, groups, rowScales);
                biases.copy(row * raw.length, raw, raw.length);
                StoredTensor.floats(real, raw, groups, rowBiases);
                WeightSource.affine(codes, rowScales, rowBiases, 0, form.groupSize(), cols, out, r * cols);
            }
        };
    }
}
