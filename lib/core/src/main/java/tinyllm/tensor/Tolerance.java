package tinyllm.tensor;

/**
 * How far an actual value may be from an expected one: {@code |actual - expected| <= atol + rtol * |expected|}.
 *
 * @param rtol the relative part, a share of the expected value's magnitude
 * @param atol the absolute part, which decides near zero
 */
public record Tolerance(double rtol, double atol) {
    public static final Tolerance EXACT = new Tolerance(0, 0);

    public Tolerance {
        if (!(rtol >= 0 && atol >= 0) || Double.isInfinite(rtol) || Double.isInfinite(atol)) {
            throw new IllegalArgumentException(
                    "A tolerance is two finite numbers that are not negative, got rtol " + rtol + " and atol " + atol);
        }
    }

    /** The tolerance of a short computation in dtype: a few of its rounding steps; integers and BOOL are exact. */
    public static Tolerance of(DType dtype) {
        return switch (dtype) {
            // MLX computes functions of F64, such as exp, to about F32's precision.
            case F64 -> new Tolerance(1e-6, 1e-7);
            case F32 -> new Tolerance(1e-5, 1e-5);
            case F16 -> new Tolerance(4e-3, 2e-3);
            case BF16 -> new Tolerance(2e-2, 1e-2);
            default -> EXACT;
        };
    }

    boolean accepts(double expected, double actual) {
        return Math.abs(actual - expected) <= atol + rtol * Math.abs(expected);
    }
}
