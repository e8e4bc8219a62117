package tinyllm.arrays;

import tinyllm.course.ReferenceUse;

/** The range of a group in equal steps. */
public final class GroupQuantizer implements GroupFn {

    @Override
    public AffineGroup quantize(float[] weights, int bits) {
        ReferenceUse.note("2.2 group");
        return range(weights, bits);
    }

    static AffineGroup range(float[] weights, int bits) {
        float low = weights[0];
        float high = weights[0];
        for (float w : weights) {
            low = Math.min(low, w);
            high = Math.max(high, w);
        }
        int most = (1 << bits) - 1;
        float scale = (high - low) / most;
        int[] codes = new int[weights.length];
        for (int i = 0; i < codes.length; i++) {
            // 0 / 0 of a group of equal weights is NaN, which rounds to 0
            codes[i] = Math.clamp(Math.round((weights[i] - low) / scale), 0, most);
        }
        return new AffineGroup(scale, low, codes);
    }
}
