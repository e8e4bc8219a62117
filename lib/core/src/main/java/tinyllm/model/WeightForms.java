package tinyllm.model;

import tinyllm.kernel.WeightForm;
import tinyllm.kernel.WeightForm.Scales;
import tinyllm.weights.AffineRows;

/** From what a file holds to what a kernel takes. */
final class WeightForms {

    private WeightForms() {}

    static WeightForm of(AffineRows rows) {
        return new WeightForm(
                rows.rows(),
                rows.cols(),
                rows.bits(),
                rows.groupSize(),
                Scales.valueOf(rows.scales().name()));
    }

    /** Turns what {@link AffineRows#read} gave into real scales and biases, in place: {@code w = scale · code + bias}. */
    static void realScales(WeightForm form, int count, float[] scales, float[] biases, float[] d, float[] dmin) {
        int groups = form.groups();
        int zero = 1 << form.bits() - 1;
        int groupsPerFactor = 256 / form.groupSize();
        for (int i = 0; i < count * groups; i++) {
            int factor = i / groups * form.factors() + i % groups / groupsPerFactor;
            switch (form.scales()) {
                case CENTERED -> biases[i] = -zero * scales[i];
                case FACTORS -> {
                    scales[i] *= d[factor];
                    biases[i] *= -dmin[factor];
                }
                case FACTORS_16 -> {
                    scales[i] *= d[factor];
                    biases[i] = -zero * scales[i];
                }
                default -> {}
            }
        }
    }
}
