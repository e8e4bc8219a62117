package tinyllm.weights;

import java.util.Set;
import org.jspecify.annotations.Nullable;
import tinyllm.weights.format.ElementType;

/**
 * Affine quantization, {@code w = scale · code + bias}, one scale and one bias for each group of a row, packed as MLX packs it: the
 * codes of a row are one stream of bits in little-endian order, in 32-bit words, so that codes of 3, 5 and 6 bits straddle bytes.
 *
 * @param bits of a code: 2, 3, 4, 5, 6 or 8
 * @param groupSize elements that share a scale: 32, 64 or 128
 */
public record AffineQuantization(int bits, int groupSize) {
    private static final Set<Integer> BITS = Set.of(2, 3, 4, 5, 6, 8);
    private static final Set<Integer> GROUPS = Set.of(32, 64, 128);
    private static final float SMALLEST_SCALE = 1e-7f;

    public AffineQuantization {
        if (!BITS.contains(bits)) {
            throw new IllegalArgumentException("bits is " + bits + "; it has to be 2, 3, 4, 5, 6 or 8");
        }
        if (!GROUPS.contains(groupSize)) {
            throw new IllegalArgumentException("the group size is " + groupSize + "; it has to be 32, 64 or 128");
        }
    }

    /**
     * Quantized rows.
     *
     * @param words {@code [rows, cols · bits / 32]}
     * @param scales {@code [rows, cols / groupSize]}; a scale may be negative
     * @param biases {@code [rows, cols / groupSize]}
     */
    public record Packed(int rows, int cols, int[] words, float[] scales, float[] biases) {}

    /**
     * Groups taken out of a GGUF tensor's blocks, without loss but for the rounding of a K-quant's products: what a kernel over affine
     * groups needs. Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K and Q5_K have groups of 32, Q6_K of 16.
     *
     * @param codes one unsigned byte per element
     */
    public record Groups(int bits, int groupSize, byte[] codes, float[] scales, float[] biases) {

        /** The element at index, dequantized. */
        public float value(int index) {
            return scales[index / groupSize] * (codes[index] & 0xFF) + biases[index / groupSize];
        }
    }

    /** The affine groups of whole GGUF blocks; a type whose zero is a code z has the bias −z · scale. */
    public static Groups ofGguf(ElementType type, byte[] blocks) {
        GgufBlocks.Form form = GgufBlocks.form(type);
        if (blocks.length % type.blockBytes() != 0) {
            throw new IllegalArgumentException(
                    blocks.length + " bytes are not whole blocks of " + type.blockBytes() + " bytes of " + type);
        }
        int count = blocks.length / type.blockBytes();
        byte[] codes = new byte[count * type.blockElements()];
        float[] scales = new float[codes.length / form.groupSize()];
        float[] biases = new float[scales.length];
        GgufBlocks.unpack(type, blocks, count, codes, scales, biases);
        for (int g = 0; g < biases.length; g++) {
            biases[g] -= form.zero() * scales[g];
        }
        return new Groups(form.bits(), form.groupSize(), codes, scales, biases);
    }

    /**
     * Quantizes rows the way MLX does: the end of the range that is farther from zero is met exactly, and so is zero when the range
     * holds it.
     *
     * @param weights {@code [rows, cols]}, cols a multiple of the group size
     */
    public Packed quantize(float[] weights, int rows, int cols) {
        return quantize(weights, rows, cols, false);
    }

    /** The same with scales and biases that float16 holds, as checkpoints store them; codes are chosen for the rounded ones. */
    public Packed quantizeInHalf(float[] weights, int rows, int cols) {
        return quantize(weights, rows, cols, true);
    }

    private Packed quantize(float[] weights, int rows, int cols, boolean half) {
        check(rows, cols, weights.length);
        Packed packed = new Packed(
                rows,
                cols,
                new int[rows * cols / 32 * bits],
                new float[weights.length / groupSize],
                new float[weights.length / groupSize]);
        for (int group = 0; group < packed.scales.length; group++) {
            quantizeGroup(weights, group, packed, half);
        }
        return packed;
    }

    /**
     * Packs rows that are quantized already.
     *
     * @param codes {@code [rows, cols]}, each below 2^bits; longer arrays serve too, as for the others
     * @param scales {@code [rows, cols / groupSize]}
     */
    public Packed packed(byte[] codes, float[] scales, float[] biases, int rows, int cols) {
        check(rows, cols, rows * cols);
        int groups = rows * (cols / groupSize);
        Packed packed = new Packed(
                rows,
                cols,
                new int[rows * (cols / 32 * bits)],
                java.util.Arrays.copyOf(scales, groups),
                java.util.Arrays.copyOf(biases, groups));
        for (int i = 0; i < rows * cols; i++) {
            put(packed.words, (long) i * bits, codes[i] & 0xFF);
        }
        return packed;
    }

    /** A group size that divides so many columns: this one, or the largest smaller one; null when even 32 does not. */
    public @Nullable AffineQuantization fitting(int cols) {
        for (int group = groupSize; group >= 32; group /= 2) {
            if (cols % group == 0) {
                return group == groupSize ? this : new AffineQuantization(bits, group);
            }
        }
        return null;
    }

    /**
     * Replaces weights by what is left of them after {@link #quantizeInHalf} and dequantizing, without packing: the same numbers,
     * sooner.
     *
     * @param from where a group begins
     * @param count whole groups
     */
    public void roundInHalf(float[] weights, int from, int count) {
        if (count < 0 || count % groupSize != 0 || from < 0 || from + count > weights.length) {
            throw new IllegalArgumentException(
                    count + " values from " + from + " of " + weights.length + " are not whole groups of " + groupSize);
        }
        for (int at = from; at < from + count; at += groupSize) {
            Line line = line(weights, at, true);
            float scale = line.scale;
            float bias = line.bias;
            float most = (1 << bits) - 1;
            for (int i = at; i < at + groupSize; i++) {
                float marks = (weights[i] - bias) / scale;
                // Adding 1.5 · 2^23 leaves no room for fractions: rint, in a form of which the compiler makes vectors
                float code = marks + 12582912f - 12582912f;
                weights[i] = scale * Math.max(0, Math.min(most, code)) + bias;
            }
        }
    }

    /** Where the codes of a group lie: {@code scale · code + bias}. */
    private record Line(float scale, float bias) {}

    private void quantizeGroup(float[] weights, int group, Packed packed, boolean half) {
        Line line = line(weights, group * groupSize, half);
        packed.scales[group] = line.scale;
        packed.biases[group] = line.bias;
        int most = (1 << bits) - 1;
        for (int i = group * groupSize; i < (group + 1) * groupSize; i++) {
            int code = (int) Math.clamp((float) Math.rint((weights[i] - line.bias) / line.scale), 0, most);
            put(packed.words, (long) i * bits, code);
        }
    }

    private Line line(float[] weights, int at, boolean half) {
        float low = weights[at];
        float high = low;
        for (int i = at; i < at + groupSize; i++) {
            low = Math.min(low, weights[i]);
            high = Math.max(high, weights[i]);
        }
        int most = (1 << bits) - 1;
        boolean fromLow = Math.abs(low) > Math.abs(high);
        float scale = Math.max((high - low) / most, SMALLEST_SCALE);
        scale = fromLow ? scale : -scale;
        float edge = fromLow ? low : high;
        float zeroCode = (float) Math.rint(edge / scale);
        scale = zeroCode == 0 ? scale : edge / zeroCode;
        float bias = zeroCode == 0 ? 0 : edge;
        return half
                ? new Line(
                        Float.float16ToFloat(Float.floatToFloat16(scale)),
                        Float.float16ToFloat(Float.floatToFloat16(bias)))
                : new Line(scale, bias);
    }

    private void put(int[] words, long bit, int code) {
        int word = (int) (bit >>> 5);
        int shift = (int) (bit & 31);
        words[word] |= code << shift;
        if (shift + bits > 32) {
            words[word + 1] |= code >>> 32 - shift;
        }
    }

    /** The weights {@code [rows, cols]} that packed stands for. */
    public float[] dequantize(Packed packed) {
        float[] weights = new float[packed.rows * packed.cols];
        check(packed.rows, packed.cols, weights.length);
        byte[] codes = new byte[weights.length];
        codes(packed, codes);
        WeightSource.affine(codes, packed.scales, packed.biases, 0, groupSize, codes.length, weights, 0);
        return weights;
    }

    /** Writes the codes of packed to the start of the array, one unsigned byte each. */
    void codes(Packed packed, byte[] codes) {
        byte[] bytes = new byte[packed.words.length * 4];
        java.nio.ByteBuffer.wrap(bytes)
                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                .asIntBuffer()
                .put(packed.words);
        unpack(bytes, codes, packed.rows * packed.cols);
    }

    /** Takes count codes (a multiple of 8) out of their stream of bits: eight codes fill {@code bits} bytes. */
    void unpack(byte[] packed, byte[] codes, int count) {
        long mask = (1L << bits) - 1;
        for (int i = 0, at = 0; i < count; i += 8, at += bits) {
            long eight = 0;
            for (int b = bits - 1; b >= 0; b--) {
                eight = eight << 8 | packed[at + b] & 0xFF;
            }
            for (int j = 0; j < 8; j++) {
                codes[i + j] = (byte) (eight >>> j * bits & mask);
            }
        }
    }

    private void check(int rows, int cols, int length) {
        if (rows < 1 || cols < 1 || cols % groupSize != 0 || (long) rows * cols != length) {
            throw new IllegalArgumentException("weights of [" + rows + ", " + cols + "] with " + length
                    + " values can't be quantized in groups of " + groupSize);
        }
    }
}
