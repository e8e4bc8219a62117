package tinyllm.arrays;

import tinyllm.course.ReferenceUse;

/** Three loops, one for each size, in the order of the formula. */
public final class LoopMatmul implements MatmulFn {

    @Override
    public float[] matmul(float[] a, float[] b, int m, int k, int n) {
        ReferenceUse.note("0.1 matmul");
        float[] out = new float[m * n];
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                float sum = 0;
                for (int p = 0; p < k; p++) {
                    sum += a[i * k + p] * b[p * n + j];
                }
                out[i * n + j] = sum;
            }
        }
        return out;
    }
}
