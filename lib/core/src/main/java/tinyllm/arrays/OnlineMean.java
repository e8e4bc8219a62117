package tinyllm.arrays;

import tinyllm.course.ReferenceUse;

/** Keeps the largest score, the sum of the exponentials relative to it, and the values weighted by them. */
public final class OnlineMean implements OnlineMeanFn {
    private float max;
    private float sum;
    private float[] weighted = {};

    @Override
    public void begin(int dim) {
        ReferenceUse.note("2.4 online softmax");
        max = Float.NEGATIVE_INFINITY;
        sum = 0;
        weighted = new float[dim];
    }

    @Override
    public void add(float[] scores, float[] values) {
        float larger = max;
        for (float score : scores) {
            larger = Math.max(larger, score);
        }
        if (larger == Float.NEGATIVE_INFINITY) {
            return;
        }
        float factor = (float) Math.exp(max - larger);
        max = larger;
        sum *= factor;
        for (int d = 0; d < weighted.length; d++) {
            weighted[d] *= factor;
        }
        for (int j = 0; j < scores.length; j++) {
            float weight = (float) Math.exp(scores[j] - max);
            sum += weight;
            for (int d = 0; d < weighted.length; d++) {
                weighted[d] += weight * values[j * weighted.length + d];
            }
        }
    }

    @Override
    public float[] mean() {
        float[] mean = new float[weighted.length];
        for (int d = 0; d < mean.length; d++) {
            mean[d] = sum == 0 ? 0 : weighted[d] / sum;
        }
        return mean;
    }
}
