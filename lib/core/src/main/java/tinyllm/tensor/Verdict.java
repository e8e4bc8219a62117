package tinyllm.tensor;

import org.jspecify.annotations.Nullable;

/**
 * CONTRACT STUB. How an actual tensor compares with the expected one: the one comparer that notebook checks and tests share.
 * Tolerance: |actual - expected| <= atol + rtol*|expected|; expected infinities must match in sign; a NaN in actual fails unless
 * expected is NaN there too.
 */
public record Verdict(
        Kind kind,
        int[] expectedShape,
        int @Nullable [] actualShape,
        double maxAbsError,
        double maxRelError,
        int @Nullable [] firstWrong,
        double expectedThere,
        double actualThere,
        String message) {

    public enum Kind {
        EQUAL,
        NULL,
        WRONG_SHAPE,
        WRONG_DTYPE,
        NOT_FINITE,
        WRONG_VALUE
    }

    public boolean ok() {
        return kind == Kind.EQUAL;
    }

    public static Verdict compare(Tensor expected, @Nullable Tensor actual, double rtol, double atol) {
        throw new UnsupportedOperationException("stub");
    }

    /** With the tolerance of the dtype (Tolerance.of(dtype)). */
    public static Verdict compare(Tensor expected, @Nullable Tensor actual) {
        throw new UnsupportedOperationException("stub");
    }
}
