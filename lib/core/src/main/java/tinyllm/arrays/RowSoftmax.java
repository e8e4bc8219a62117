package tinyllm.arrays;

import tinyllm.course.ReferenceUse;

/** Every score is taken relative to the largest, so that the largest exponential is 1. */
public final class RowSoftmax implements RowSoftmaxFn {

    @Override
    public float[] softmax(float[] scores) {
        ReferenceUse.note("0.1 softmax");
        float max = max(scores);
        double sum = sum(scores, max);
        float[] out = new float[scores.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = (float) (Math.exp(scores[i] - max) / sum);
        }
        return out;
    }

    @Override
    public double logProbability(float[] scores, int index) {
        ReferenceUse.note("0.1 softmax");
        float max = max(scores);
        return scores[index] - max - Math.log(sum(scores, max));
    }

    private static float max(float[] scores) {
        float max = Float.NEGATIVE_INFINITY;
        for (float score : scores) {
            max = Math.max(max, score);
        }
        return max;
    }

    private static double sum(float[] scores, float max) {
        double sum = 0;
        for (float score : scores) {
            sum += Math.exp(score - max);
        }
        return sum;
    }
}
