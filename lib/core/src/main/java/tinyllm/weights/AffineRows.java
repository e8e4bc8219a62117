package tinyllm.weights;

/**
 * A stored matrix as rows of affine groups, {@code w = scale · code + bias} with unsigned codes: what a kernel packs for its machine.
 * Valid while its checkpoint is open.
 */
public interface AffineRows {

    /** How the scales of groups are given. */
    enum Scales {
        /** float16 scale; the bias is −2^(bits−1) · scale (Q4_0, Q5_0, Q8_0). */
        CENTERED,
        /** float16 scale and bias (Q4_1, Q5_1, and MLX's checkpoints in float16). */
        HALF,
        /** bfloat16 scale and bias (MLX's checkpoints in bfloat16). */
        BFLOAT,
        /** float32 scale and bias. */
        FLOAT,
        /** Integer multipliers of float16 factors that 256 columns share: d · scale and −dmin · bias (Q4_K, Q5_K). */
        FACTORS,
        /** Groups of 16 columns, d · scale, the bias is −32 · scale (Q6_K). */
        FACTORS_16
    }

    int rows();

    int cols();

    /** 2 to 8. */
    int bits();

    /** Columns that share a scale: 16, 32, 64 or 128. */
    int groupSize();

    Scales scales();

    /** The type as its file names it, such as "Q4_K" or "4 bits, groups of 64". */
    String type();

    /**
     * Reads rows first … first + count − 1 to the starts of the arrays. Safe from several threads.
     *
     * @param codes {@code count · cols}
     * @param scales {@code count · cols / groupSize}, as {@link #scales()} says
     * @param biases the same; zeros where the kind has no bias of its own
     * @param d {@code count · ⌈cols / 256⌉}, with FACTORS and FACTORS_16
     * @param dmin the same, with FACTORS
     */
    void read(int first, int count, byte[] codes, float[] scales, float[] biases, float[] d, float[] dmin);
}
