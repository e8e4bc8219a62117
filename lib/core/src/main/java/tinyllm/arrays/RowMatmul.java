package tinyllm.arrays;

import tinyllm.course.ReferenceUse;

/**
 * The same products as {@link LoopMatmul} in another order: row p of b is added to row i of the result, times {@code a[i, p]}. The
 * innermost loop walks through memory, so each cache line serves sixteen steps, and the compiler makes vectors of it.
 */
public final class RowMatmul implements MatmulFn {

    @Override
    public float[] matmul(float[] a, float[] b, int m, int k, int n) {
        ReferenceUse.note("0.1 matmul");
        float[] out = new float[m * n];
        for (int i = 0; i < m; i++) {
            for (int p = 0; p < k; p++) {
                float factor = a[i * k + p];
                for (int j = 0; j < n; j++) {
                    out[i * n + j] += factor * b[p * n + j];
                }
            }
        }
        return out;
    }
}
