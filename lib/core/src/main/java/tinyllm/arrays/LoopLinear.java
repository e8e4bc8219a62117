package tinyllm.arrays;

import tinyllm.course.ReferenceUse;

/** One code after the other. */
public final class LoopLinear implements QuantizedLinearFn {

    @Override
    public float[] apply(float[] x, PackedRows w) {
        ReferenceUse.note("2.2 loop");
        float[] y = new float[w.rows()];
        for (int r = 0; r < y.length; r++) {
            float sum = 0;
            for (int c = 0; c < w.cols(); c++) {
                int code = w.words()[r * (w.cols() / 8) + c / 8] >>> 4 * (c % 8) & 15;
                int group = r * (w.cols() / w.groupSize()) + c / w.groupSize();
                sum += x[c] * (w.scales()[group] * code + w.biases()[group]);
            }
            y[r] = sum;
        }
        return y;
    }
}
