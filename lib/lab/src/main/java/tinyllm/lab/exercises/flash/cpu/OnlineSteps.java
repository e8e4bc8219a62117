package tinyllm.lab.exercises.flash.cpu;

import java.util.Arrays;
import tinyllm.arrays.OnlineMeanFn;

/** The right running mean in steps, of which each mistake of "2.4 online softmax" replaces one. */
class OnlineSteps implements OnlineMeanFn {
    float max;
    float sum;
    float[] weighted = {};

    float start() {
        return Float.NEGATIVE_INFINITY;
    }

    /** The largest score from now on. */
    float larger(float before, float ofBlock) {
        return Math.max(before, ofBlock);
    }

    /** Whether a block is left out. */
    boolean skips(float larger) {
        return larger == Float.NEGATIVE_INFINITY;
    }

    float factor(float before, float larger) {
        return (float) Math.exp(before - larger);
    }

    float ofSum(float factor) {
        return factor;
    }

    float ofValues(float factor) {
        return factor;
    }

    float weight(float score, float largest) {
        return (float) Math.exp(score - largest);
    }

    float divided(float value) {
        return sum == 0 ? 0 : value / sum;
    }

    void forget(int dim) {
        max = start();
        sum = 0;
        weighted = new float[dim];
    }

    @Override
    public void begin(int dim) {
        forget(dim);
    }

    @Override
    public void add(float[] scores, float[] values) {
        float ofBlock = Float.NEGATIVE_INFINITY;
        for (float score : scores) {
            ofBlock = Math.max(ofBlock, score);
        }
        float larger = larger(max, ofBlock);
        if (skips(larger)) {
            return;
        }
        float factor = factor(max, larger);
        max = larger;
        sum *= ofSum(factor);
        for (int c = 0; c < weighted.length; c++) {
            weighted[c] *= ofValues(factor);
        }
        for (int j = 0; j < scores.length; j++) {
            float weight = weight(scores[j], max);
            sum += weight;
            for (int c = 0; c < weighted.length; c++) {
                weighted[c] += weight * values[j * weighted.length + c];
            }
        }
    }

    @Override
    public float[] mean() {
        float[] mean = new float[weighted.length];
        for (int c = 0; c < mean.length; c++) {
            mean[c] = divided(weighted[c]);
        }
        return mean;
    }

    /** Keeps every score and value, and computes the softmax when it is asked. */
    static class KeepsAll implements OnlineMeanFn {
        private int dim;
        private float[] scores = {};
        private float[] values = {};
        private int count;

        @Override
        public void begin(int dim) {
            this.dim = dim;
            count = 0;
        }

        @Override
        public void add(float[] more, float[] moreValues) {
            if (count + more.length > scores.length) {
                scores = Arrays.copyOf(scores, 2 * (count + more.length));
                values = Arrays.copyOf(values, scores.length * dim);
            }
            System.arraycopy(more, 0, scores, count, more.length);
            System.arraycopy(moreValues, 0, values, count * dim, moreValues.length);
            count += more.length;
        }

        @Override
        public float[] mean() {
            OnlineSteps all = new OnlineSteps();
            all.begin(dim);
            all.add(Arrays.copyOf(scores, count), Arrays.copyOf(values, count * dim));
            return all.mean();
        }
    }
}
