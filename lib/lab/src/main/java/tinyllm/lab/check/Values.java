package tinyllm.lab.check;

import java.lang.reflect.Array;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tinyllm.tensor.Tensor;
import tinyllm.tensor.Verdict;

/** Compares what an exercise may return: tensors by {@link Verdict}, and plain Java values by their own rules. */
final class Values {

    private static final double PLAIN_RTOL = 1e-5;
    private static final double PLAIN_ATOL = 1e-6;
    private static final int SHOWN = 60;

    private Values() {}

    /** Computes every lazy tensor in the value, so that the time and the errors fall into the check. */
    static @Nullable Object force(@Nullable Object value) {
        switch (value) {
            case Tensor tensor -> tensor.eval();
            case List<?> list -> list.forEach(Values::force);
            case Map<?, ?> map -> map.values().forEach(Values::force);
            case Object[] array -> Arrays.stream(array).forEach(Values::force);
            case null, default -> {}
        }
        return value;
    }

    /** Tolerances below 0 ask for the dtype's own. */
    static Difference compare(Object expected, @Nullable Object actual, double rtol, double atol) {
        if (actual == null) {
            return expected instanceof Refusal refusal
                    ? refusal(refusal, null)
                    : Difference.of(
                            shape(expected), kind(expected), "null was returned instead of " + describe(expected));
        }
        return switch (expected) {
            case Refusal refusal -> refusal(refusal, actual);
            case Tensor tensor -> tensor(tensor, actual, rtol, atol);
            case String text -> text(text, actual);
            case Map<?, ?> map -> map(map, actual, rtol, atol);
            case List<?> list -> sequence(list, actual, rtol, atol);
            case Number number when actual instanceof Number other -> number(number, other, rtol, atol);
            default -> other(expected, actual, rtol, atol);
        };
    }

    private static Difference tensor(Tensor expected, Object actual, double rtol, double atol) {
        if (!(actual instanceof Tensor other)) {
            return Difference.of(shape(expected), kind(expected), "a " + kind(actual) + " came instead of a Tensor");
        }
        Verdict v = rtol < 0 ? Verdict.compare(expected, other) : Verdict.compare(expected, other, rtol, atol);
        return new Difference(
                v.ok(),
                shape(expected),
                kind(expected),
                v.maxAbsError(),
                v.firstWrong(),
                format(v.expectedThere()),
                format(v.actualThere()),
                v.ok() ? "" : v.message());
    }

    private static Difference refusal(Refusal expected, @Nullable Object actual) {
        return expected.equals(actual)
                ? Difference.none("", "refused", Double.NaN)
                : Difference.of(
                        "",
                        "refused",
                        "these inputs make no sense and should be refused by " + expected + "; "
                                + (actual == null ? "null" : describe(actual)) + " came");
    }

    private static Difference text(String expected, Object actual) {
        String shape = expected.length() + " characters";
        if (!(actual instanceof String other)) {
            return Difference.of(shape, "String", "a " + kind(actual) + " came instead of a String");
        }
        int at = firstDifference(expected, other);
        if (at < 0) {
            return Difference.none(shape, "String", Double.NaN);
        }
        String there = excerpt(expected, at);
        String came = excerpt(other, at);
        return new Difference(
                false,
                shape,
                "String",
                Double.NaN,
                new int[] {at},
                there,
                came,
                "from character " + at + " on, " + there + " was expected and " + came + " came");
    }

    private static Difference map(Map<?, ?> expected, Object actual, double rtol, double atol) {
        String shape = expected.size() + " entries";
        if (!(actual instanceof Map<?, ?> other)) {
            return Difference.of(shape, "Map", "a " + kind(actual) + " came instead of a Map");
        }
        if (!expected.keySet().equals(other.keySet())) {
            return Difference.of(
                    shape, "Map", "the keys " + expected.keySet() + " were expected and " + other.keySet() + " came");
        }
        Difference worst = Difference.none(shape, "Map", Double.NaN);
        for (Map.Entry<?, ?> entry : expected.entrySet()) {
            Difference d = compare(entry.getValue(), other.get(entry.getKey()), rtol, atol);
            if (!d.ok()) {
                return d.at(entry.getKey() + ": ");
            }
            worst = larger(worst, d);
        }
        return worst;
    }

    private static Difference sequence(List<?> expected, Object actual, double rtol, double atol) {
        String shape = "[" + expected.size() + "]";
        String kind = expected.isEmpty() ? "List" : kind(expected.getFirst());
        List<?> other = asList(actual);
        if (other == null) {
            return Difference.of(shape, kind, "a " + kind(actual) + " came instead of a list");
        }
        if (expected.size() != other.size()) {
            return Difference.of(shape, kind, "the length is " + other.size() + ", expected " + expected.size());
        }
        Difference worst = Difference.none(shape, kind, Double.NaN);
        for (int i = 0; i < expected.size(); i++) {
            Difference d = compare(Objects.requireNonNull(expected.get(i)), other.get(i), rtol, atol);
            if (!d.ok()) {
                int[] at = {i};
                return new Difference(
                        false,
                        shape,
                        kind,
                        d.maxError(),
                        d.index() == null ? at : d.index(),
                        d.expectedThere(),
                        d.actualThere(),
                        "entry " + i + ": " + d.message());
            }
            worst = larger(worst, d);
        }
        return worst;
    }

    private static Difference number(Number expected, Number actual, double rtol, double atol) {
        double want = expected.doubleValue();
        double got = actual.doubleValue();
        double error = Math.abs(want - got);
        double limit = rtol < 0 ? PLAIN_ATOL + PLAIN_RTOL * Math.abs(want) : atol + rtol * Math.abs(want);
        boolean exact = !(expected instanceof Double || expected instanceof Float);
        if (Double.compare(want, got) == 0 || error <= (exact ? 0 : limit)) {
            return Difference.none("[]", kind(expected), error);
        }
        return new Difference(
                false,
                "[]",
                kind(expected),
                error,
                null,
                format(want),
                format(got),
                format(want) + " was expected and " + format(got) + " came");
    }

    private static Difference other(Object expected, Object actual, double rtol, double atol) {
        List<?> list = asList(expected);
        if (list != null) {
            return sequence(list, actual, rtol, atol);
        }
        if (expected.equals(actual)) {
            return Difference.none(shape(expected), kind(expected), Double.NaN);
        }
        return new Difference(
                false,
                shape(expected),
                kind(expected),
                Double.NaN,
                null,
                cut(expected),
                cut(actual),
                cut(expected) + " was expected and " + cut(actual) + " came");
    }

    private static @Nullable List<?> asList(Object value) {
        if (value instanceof List<?> list) {
            return list;
        }
        if (!value.getClass().isArray()) {
            return null;
        }
        Object[] boxed = new Object[Array.getLength(value)];
        Arrays.setAll(boxed, i -> Array.get(value, i));
        return Arrays.asList(boxed);
    }

    private static Difference larger(Difference a, Difference b) {
        boolean second = Double.isNaN(a.maxError()) || b.maxError() > a.maxError();
        return second ? Difference.none(a.shape(), a.dtype(), b.maxError()) : a;
    }

    private static int firstDifference(String a, String b) {
        return Arrays.mismatch(a.toCharArray(), b.toCharArray());
    }

    private static String excerpt(String text, int at) {
        String rest = text.substring(Math.min(at, text.length()));
        return rest.isEmpty() ? "the end" : "\"" + cut(rest.replace("\n", "\\n")) + "\"";
    }

    static String cut(Object value) {
        String text = String.valueOf(value);
        return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "…";
    }

    private static String describe(Object expected) {
        return switch (expected) {
            case Tensor t -> "a tensor of shape " + Arrays.toString(t.shape());
            case Refusal refusal -> refusal.toString();
            default -> "a " + kind(expected);
        };
    }

    static String shape(Object value) {
        return switch (value) {
            case Tensor tensor -> Arrays.toString(tensor.shape());
            case Refusal refusal -> "";
            case String text -> text.length() + " characters";
            case Map<?, ?> map -> map.size() + " entries";
            case List<?> list -> "[" + list.size() + "]";
            default -> value.getClass().isArray() ? "[" + Array.getLength(value) + "]" : "[]";
        };
    }

    static String kind(Object value) {
        return switch (value) {
            case Tensor t -> t.dtype().name().toLowerCase(Locale.ROOT);
            case Refusal refusal -> "refused";
            case List<?> list -> "List";
            case Map<?, ?> map -> "Map";
            default -> value.getClass().getSimpleName();
        };
    }

    /** Four significant digits, without a tail of zeros. */
    static String format(double value) {
        if (Double.isNaN(value) || Double.isInfinite(value) || (value == Math.rint(value) && Math.abs(value) < 1e9)) {
            return value == Math.rint(value) && !Double.isInfinite(value)
                    ? Long.toString((long) value)
                    : infinite(value);
        }
        return String.format(Locale.ROOT, "%.4g", value);
    }

    private static String infinite(double value) {
        return Double.isNaN(value) ? "NaN" : value > 0 ? "inf" : "-inf";
    }
}
