package tinyllm.arrays;

/** Exercises of chapter 2.2: a vector times a matrix that is kept in 4 bits. */
@FunctionalInterface
public interface QuantizedLinearFn {

    /**
     * {@code y = W x}, where W is never written out.
     *
     * @param x {@code [cols]}
     * @return {@code [rows]}
     */
    float[] apply(float[] x, PackedRows w);
}
