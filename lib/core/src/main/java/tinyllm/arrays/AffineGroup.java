package tinyllm.arrays;

/**
 * Some weights that share a scale and a bias: {@code weight ≈ scale · code + bias} (chapter 2.2).
 *
 * @param codes whole numbers from 0 to 2^bits − 1, one for each weight
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares groups
public record AffineGroup(float scale, float bias, int[] codes) {

    /** The weights that the codes stand for. */
    public float[] values() {
        float[] values = new float[codes.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = scale * codes[i] + bias;
        }
        return values;
    }
}
