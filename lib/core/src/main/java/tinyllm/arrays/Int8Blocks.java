package tinyllm.arrays;

/**
 * Activations in 8 bits: {@code x ≈ scale · code} with one scale for each block of 32 (chapter 2.2). Codes are signed, since
 * activations lie around zero.
 *
 * @param codes {@code [cols]}, −127 to 127
 * @param scales {@code [cols / 32]}
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares blocks
public record Int8Blocks(byte[] codes, float[] scales) {

    /** Columns of a block. */
    public static final int BLOCK = 32;

    /** @param x a multiple of 32 finite numbers */
    public static Int8Blocks of(float[] x) {
        if (x.length == 0 || x.length % BLOCK != 0) {
            throw new IllegalArgumentException(x.length + " activations are not whole blocks of " + BLOCK);
        }
        byte[] codes = new byte[x.length];
        float[] scales = new float[x.length / BLOCK];
        for (int b = 0; b < scales.length; b++) {
            float largest = 0;
            for (int i = b * BLOCK; i < (b + 1) * BLOCK; i++) {
                largest = Math.max(largest, Math.abs(x[i]));
            }
            scales[b] = largest / 127;
            for (int i = b * BLOCK; i < (b + 1) * BLOCK; i++) {
                codes[i] = (byte) Math.round(x[i] / scales[b]); // 0 / 0 rounds to 0
            }
        }
        return new Int8Blocks(codes, scales);
    }

    /** The activations that the codes stand for. */
    public float[] values() {
        float[] values = new float[codes.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = scales[i / BLOCK] * codes[i];
        }
        return values;
    }
}
