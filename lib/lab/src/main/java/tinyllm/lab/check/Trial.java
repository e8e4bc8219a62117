package tinyllm.lab.check;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tinyllm.lab.check.CheckResult.Row;

/**
 * One run of an answer on one seed of one case.
 *
 * @param changed what the answer changed of its inputs, as a sentence; null when nothing
 * @param library whether the library's own code computed the result
 */
record Trial<T>(
        Case<T> situation,
        long seed,
        Object expected,
        @Nullable Object actual,
        @Nullable Throwable thrown,
        @Nullable String changed,
        boolean library,
        Difference difference) {

    Outcome outcome() {
        if (thrown instanceof TodoException) {
            return Outcome.NOT_ATTEMPTED;
        }
        if (thrown != null) {
            return thrown instanceof KernelFault ? Outcome.INCORRECT : Outcome.CRASHED;
        }
        if (!difference.ok() || changed != null) {
            return Outcome.INCORRECT;
        }
        return library ? Outcome.LIBRARY : Outcome.CORRECT;
    }

    boolean ok() {
        return outcome() == Outcome.CORRECT || outcome() == Outcome.LIBRARY;
    }

    /** Whether the result itself is wrong, or an exception came instead: what a known mistake can explain. */
    boolean failed() {
        return outcome() == Outcome.CRASHED || (outcome() == Outcome.INCORRECT && !difference.ok());
    }

    String message() {
        return switch (outcome()) {
            case CORRECT -> "";
            case LIBRARY ->
                "The numbers are right, but the library's own code computed them: write it from array operations.";
            case NOT_ATTEMPTED ->
                Objects.requireNonNullElse(Objects.requireNonNull(thrown).getMessage(), "");
            case CRASHED -> crash(Objects.requireNonNull(thrown));
            default ->
                thrown != null
                        ? Objects.requireNonNullElse(thrown.getMessage(), "")
                        : difference.ok() ? Objects.requireNonNull(changed) : difference.message();
        };
    }

    private String crash(Throwable t) {
        return expected instanceof Refusal refusal
                ? "these inputs make no sense and should be refused by " + refusal + "; this came instead: "
                        + Thrown.describe(t)
                : Thrown.describe(t);
    }

    Row row(String message) {
        double error = thrown != null ? Double.NaN : difference.maxError();
        return new Row(situation.name(), difference.shape(), difference.dtype(), error, outcome(), message);
    }
}
