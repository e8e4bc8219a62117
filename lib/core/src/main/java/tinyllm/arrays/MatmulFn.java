package tinyllm.arrays;

/** The product of two matrices that lie row by row in plain arrays. */
@FunctionalInterface
public interface MatmulFn {

    /**
     * {@code out[i, j]} is the sum over p of {@code a[i, p] · b[p, j]}.
     *
     * @param a {@code [M, K]}, row-major: entry (i, p) lies at {@code i * k + p}
     * @param b {@code [K, N]}, row-major
     * @return a new array, {@code [M, N]}, row-major
     */
    float[] matmul(float[] a, float[] b, int m, int k, int n);
}
