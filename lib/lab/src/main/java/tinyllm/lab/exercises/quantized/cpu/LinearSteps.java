package tinyllm.lab.exercises.quantized.cpu;

import tinyllm.arrays.PackedRows;
import tinyllm.arrays.QuantizedLinearFn;

/** The right product in steps, group by group, of which each mistake of "2.2 loop" and "2.2 vector" replaces one. */
class LinearSteps implements QuantizedLinearFn {

    int wordRow(int r) {
        return r;
    }

    int groupRow(int r) {
        return r;
    }

    int scaleOf(int group) {
        return group;
    }

    int column(int group, int inGroup, PackedRows w) {
        return group * w.groupSize() + inGroup;
    }

    int codesOfWord() {
        return 8;
    }

    int code(int word, int i) {
        return word >>> 4 * i & 15;
    }

    float weight(float scale, int code, float bias) {
        return scale * code + bias;
    }

    float offset(float bias, float groupSum, float allSum, int groups) {
        return bias * groupSum;
    }

    float start(float sum) {
        return 0;
    }

    float total(float total, float scale, float sum) {
        return total + scale * sum;
    }

    @Override
    public float[] apply(float[] x, PackedRows w) {
        int groups = w.cols() / w.groupSize();
        float allSum = 0;
        for (float v : x) {
            allSum += v;
        }
        float[] y = new float[w.rows()];
        for (int r = 0; r < y.length; r++) {
            float total = 0;
            float offsets = 0;
            float sum = 0;
            for (int g = 0; g < groups; g++) {
                int at = groupRow(r) * groups + scaleOf(g);
                float bias = w.biases()[at];
                sum = start(sum);
                float groupSum = 0;
                // What weight() adds beyond scale · code; 0 when the bias is left for the end
                float inside = weight(w.scales()[at], 0, bias) - bias;
                for (int c = 0; c < w.groupSize(); c++) {
                    float factor = x[column(g, c, w)];
                    groupSum += x[g * w.groupSize() + c];
                    int word = w.words()[(wordRow(r) * w.cols() + g * w.groupSize() + c) / 8];
                    sum += c % 8 < codesOfWord() ? factor * code(word, c % 8) : 0;
                }
                total = total(total, w.scales()[at], sum);
                offsets += offset(bias, groupSum, allSum, groups) + inside * groupSum;
            }
            y[r] = total + offsets;
        }
        return y;
    }
}
