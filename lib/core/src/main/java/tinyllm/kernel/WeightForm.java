package tinyllm.kernel;

import org.jspecify.annotations.Nullable;

/**
 * What a quantized matrix looks like: unsigned codes of some bits, a scale and a bias for each group of a row.
 *
 * @param rows outputs
 * @param cols inputs
 * @param bits of a code
 * @param groupSize columns that share a scale
 */
public record WeightForm(int rows, int cols, int bits, int groupSize, Scales scales) {

    /** How scales are stored; the order is that of {@code packing.h}. */
    public enum Scales {
        /** float16, bias −2^(bits−1) · scale. */
        CENTERED,
        /** float16 scale and bias. */
        HALF,
        /** bfloat16 scale and bias. */
        BFLOAT,
        /** float32 scale and bias. */
        FLOAT,
        /** 8-bit multipliers of float16 factors that 256 columns share. */
        FACTORS,
        /** The same for groups of 16 columns of 6 bits, without a bias of its own. */
        FACTORS_16
    }

    /** Why our own kernels can't take such a matrix; null when they can. */
    public @Nullable String problem() {
        if (rows < 1 || cols < 1) {
            return "a matrix of [" + rows + ", " + cols + "] holds nothing";
        }
        if (bits != 4 && bits != 5 && bits != 6 && bits != 8) {
            return "bits is " + bits + "; our kernels take 4, 5, 6 and 8";
        }
        if (scales == Scales.FACTORS_16) {
            return bits == 6 && groupSize == 16 && cols % 256 == 0
                    ? null
                    : "groups of 16 come with 6 bits and a multiple of 256 columns, not with " + bits + " bits and "
                            + cols + " columns in groups of " + groupSize;
        }
        if (groupSize != 32 && groupSize != 64 && groupSize != 128) {
            return "the group size is " + groupSize + "; our kernels take 32, 64 and 128";
        }
        if (cols % groupSize != 0) {
            return cols + " columns are not a multiple of the group size " + groupSize;
        }
        if (scales == Scales.FACTORS && (groupSize != 32 || cols % 256 != 0)) {
            return "scales of scales come with groups of 32 and a multiple of 256 columns, not with " + cols
                    + " columns in groups of " + groupSize;
        }
        return null;
    }

    /** @throws IllegalArgumentException when our own kernels can't take such a matrix, with the reason */
    public WeightForm checked() {
        String problem = problem();
        if (problem != null) {
            throw new IllegalArgumentException("quantized matrix: " + problem);
        }
        return this;
    }

    /** Scales of one row. */
    public int groups() {
        return cols / groupSize;
    }

    /** Shared factors of one row. */
    public int factors() {
        return (cols + 255) / 256;
    }
}
