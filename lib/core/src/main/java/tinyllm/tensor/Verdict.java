package tinyllm.tensor;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * How an actual tensor compares with the expected one: the one comparer that notebook checks and tests share.
 *
 * <p>Tolerance: {@code |actual - expected| <= atol + rtol * |expected|}. An expected infinity must be met with its sign.
 * A NaN in actual fails unless expected is NaN there too. Shape and dtype must be equal; nothing is broadcast.
 *
 * @param kind what the comparison found, the gravest first: no tensor, shape, dtype, a NaN or infinity, a value
 * @param expectedShape the shape of the expected tensor
 * @param actualShape the shape of the actual tensor; null if there was none
 * @param maxAbsError the largest {@code |actual - expected|}; infinite where only one of the two is finite; NaN where
 *     nothing was compared
 * @param maxRelError the largest {@code |actual - expected| / |expected|} over expected values that are not 0
 * @param firstWrong the first index, in row-major order, at which the values differ; null if there is none
 * @param expectedThere the expected value at firstWrong; NaN if there is none
 * @param actualThere the actual value at firstWrong; NaN if there is none
 * @param message one sentence on the outcome
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

    /** With the tolerance of the expected tensor's dtype, {@link Tolerance#of(DType)}. */
    public static Verdict compare(Tensor expected, @Nullable Tensor actual) {
        Tolerance tolerance = Tolerance.of(expected.dtype());
        return compare(expected, actual, tolerance.rtol(), tolerance.atol());
    }

    /** Evaluates both. Errors of the evaluation are thrown as they come. */
    public static Verdict compare(Tensor expected, @Nullable Tensor actual, double rtol, double atol) {
        Tolerance tolerance = new Tolerance(rtol, atol);
        int[] shape = expected.shape();
        if (actual == null) {
            return unlike(Kind.NULL, shape, null, "a tensor of shape " + Shapes.text(shape) + " expected, got null");
        }
        int[] actualShape = actual.shape();
        if (!Arrays.equals(shape, actualShape)) {
            String message = "shape " + Shapes.text(shape) + " expected, got " + Shapes.text(actualShape);
            return unlike(Kind.WRONG_SHAPE, shape, actualShape, message);
        }
        if (expected.dtype() != actual.dtype()) {
            String message = "dtype " + expected.dtype() + " expected, got " + actual.dtype();
            return unlike(Kind.WRONG_DTYPE, shape, actualShape, message);
        }
        if (expected.dtype().isFloating()) {
            return new Comparison(shape, tolerance).values(expected.toDoubles(), actual.toDoubles());
        }
        return new Comparison(shape, tolerance).values(expected.toLongs(), actual.toLongs());
    }

    private static Verdict unlike(Kind kind, int[] shape, int @Nullable [] actualShape, String message) {
        return new Verdict(kind, shape, actualShape, Double.NaN, Double.NaN, null, Double.NaN, Double.NaN, message);
    }

    @Override
    public String toString() {
        return kind + ": " + message;
    }

    /** One pass over the values of two tensors of the same shape and dtype. */
    private static final class Comparison {
        private final int[] shape;
        private final Tolerance tolerance;
        private double maxAbs;
        private double maxRel;
        private int firstWrong = -1;
        private int firstNotFinite = -1;
        private int wrong;

        Comparison(int[] shape, Tolerance tolerance) {
            this.shape = shape;
            this.tolerance = tolerance;
        }

        Verdict values(double[] expected, double[] actual) {
            for (int i = 0; i < expected.length; i++) {
                look(i, expected[i], actual[i]);
            }
            int first = firstNotFinite >= 0 ? firstNotFinite : firstWrong;
            return first < 0 ? verdict(first, 0, 0) : verdict(first, expected[first], actual[first]);
        }

        Verdict values(long[] expected, long[] actual) {
            for (int i = 0; i < expected.length; i++) {
                if (expected[i] != actual[i]) {
                    // Beyond 2^53 doubles can hide a difference of 1: it counts as 1 then.
                    double error = Math.max(1, Math.abs((double) actual[i] - (double) expected[i]));
                    count(error, (double) expected[i]);
                    if (error > tolerance.atol() + tolerance.rtol() * Math.abs((double) expected[i])) {
                        differs(i);
                    }
                }
            }
            return firstWrong < 0
                    ? verdict(-1, 0, 0)
                    : verdict(firstWrong, (double) expected[firstWrong], (double) actual[firstWrong]);
        }

        private void look(int i, double expected, double actual) {
            if (expected == actual || (Double.isNaN(expected) && Double.isNaN(actual))) {
                return;
            }
            if (!Double.isFinite(expected) || !Double.isFinite(actual)) {
                maxAbs = Double.POSITIVE_INFINITY;
                maxRel = Double.POSITIVE_INFINITY;
                if (firstNotFinite < 0 && !Double.isFinite(actual)) {
                    firstNotFinite = i;
                }
                differs(i);
                return;
            }
            count(Math.abs(actual - expected), expected);
            if (!tolerance.accepts(expected, actual)) {
                differs(i);
            }
        }

        private void count(double error, double expected) {
            maxAbs = Math.max(maxAbs, error);
            if (expected != 0) {
                maxRel = Math.max(maxRel, error / Math.abs(expected));
            }
        }

        private void differs(int i) {
            wrong++;
            if (firstWrong < 0) {
                firstWrong = i;
            }
        }

        private Verdict verdict(int first, double expected, double actual) {
            if (first < 0) {
                String message =
                        maxAbs == 0 ? "equal" : "equal within the tolerance; the largest error is " + number(maxAbs);
                return new Verdict(Kind.EQUAL, shape, shape, maxAbs, maxRel, null, Double.NaN, Double.NaN, message);
            }
            int[] at = Shapes.unravel(first, shape);
            boolean notFinite = firstNotFinite >= 0;
            long size = Shapes.size("compare", shape);
            String message =
                    (notFinite ? "first value that is not finite at " : "first difference at ") + Shapes.text(at)
                            + ": expected " + number(expected) + ", got " + number(actual)
                            + (size > 1 ? " (" + wrong + " of " + size + " values differ)" : "");
            Kind kind = notFinite ? Kind.NOT_FINITE : Kind.WRONG_VALUE;
            return new Verdict(kind, shape, shape, maxAbs, maxRel, at, expected, actual, message);
        }

        private static String number(double value) {
            return Printing.plain(value);
        }
    }
}
