package tinyllm.arrays;

import java.util.Arrays;
import java.util.function.UnaryOperator;

/**
 * A matrix in 4 bits, row after row, as MLX stores it (chapter 2.2). The code of row r and column c stands in word
 * {@code r · cols / 8 + c / 8} at bit {@code 4 · (c % 8)}; its scale and bias at {@code r · cols / groupSize + c / groupSize}.
 *
 * @param groupSize neighbours in a row that share a scale and a bias: a multiple of 32
 * @param words {@code [rows, cols / 8]}
 * @param scales {@code [rows, cols / groupSize]}
 * @param biases {@code [rows, cols / groupSize]}
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares matrices
public record PackedRows(int rows, int cols, int groupSize, int[] words, float[] scales, float[] biases) {

    public PackedRows {
        if (groupSize < 32 || groupSize % 32 != 0 || rows < 1 || cols < 1 || cols % groupSize != 0) {
            throw new IllegalArgumentException("a matrix of [" + rows + ", " + cols + "] can't be cut into groups of "
                    + groupSize + ": groups are a multiple of 32 columns, and rows of whole groups");
        }
        int groups = Math.multiplyExact(rows, cols / groupSize);
        if (words.length != Math.multiplyExact(rows, cols / 8) || scales.length != groups || biases.length != groups) {
            throw new IllegalArgumentException("a matrix of [" + rows + ", " + cols + "] in groups of " + groupSize
                    + " has " + rows * (cols / 8) + " words, " + groups + " scales and biases, not " + words.length
                    + ", " + scales.length + " and " + biases.length);
        }
    }

    /**
     * Quantizes a matrix.
     *
     * @param weights {@code [rows, cols]}, row-major
     * @param quantizer gives 4 bits a group
     */
    public static PackedRows of(
            float[] weights, int rows, int cols, int groupSize, GroupFn quantizer, PackingFn packing) {
        return of(weights, rows, cols, groupSize, quantizer, packing::pack);
    }

    private static PackedRows of(
            float[] weights, int rows, int cols, int groupSize, GroupFn quantizer, UnaryOperator<int[]> packing) {
        int[] codes = new int[weights.length];
        float[] scales = new float[weights.length / groupSize];
        float[] biases = new float[scales.length];
        for (int g = 0; g < scales.length; g++) {
            float[] some = Arrays.copyOfRange(weights, g * groupSize, (g + 1) * groupSize);
            AffineGroup group = quantizer.quantize(some, 4);
            System.arraycopy(group.codes(), 0, codes, g * groupSize, groupSize);
            scales[g] = group.scale();
            biases[g] = group.bias();
        }
        return new PackedRows(rows, cols, groupSize, packing.apply(codes), scales, biases);
    }

    /** The same by the library's own quantizer and packing. */
    public static PackedRows of(float[] weights, int rows, int cols, int groupSize) {
        return of(weights, rows, cols, groupSize, GroupQuantizer::range, Packing::words);
    }

    /** Rows from (included) to (not included), as a matrix of their own. */
    public PackedRows slice(int from, int to) {
        int row = cols / 8;
        int groups = cols / groupSize;
        return new PackedRows(
                to - from,
                cols,
                groupSize,
                Arrays.copyOfRange(words, from * row, to * row),
                Arrays.copyOfRange(scales, from * groups, to * groups),
                Arrays.copyOfRange(biases, from * groups, to * groups));
    }

    /** Bytes as a file would hold them: the words, and scales and biases of 16 bits each. */
    public long fileBytes() {
        return 4L * words.length + 2L * (scales.length + biases.length);
    }

    /** Bytes that a pass over the matrix reads here, where scales and biases are float32. */
    public long bytes() {
        return 4L * (words.length + scales.length + biases.length);
    }
}
