package tinyllm.lab.check;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tinyllm.lab.check.CheckResult.Row;

/** One run of an answer on one seed of one case. */
record Trial<T>(
        Case<T> situation,
        long seed,
        Object expected,
        @Nullable Object actual,
        @Nullable Throwable thrown,
        boolean library,
        Difference difference) {

    Outcome outcome() {
        if (thrown instanceof TodoException) {
            return Outcome.NOT_ATTEMPTED;
        }
        if (thrown != null) {
            return Outcome.CRASHED;
        }
        if (!difference.ok()) {
            return Outcome.INCORRECT;
        }
        return library ? Outcome.LIBRARY : Outcome.CORRECT;
    }

    boolean ok() {
        return outcome() == Outcome.CORRECT || outcome() == Outcome.LIBRARY;
    }

    boolean failed() {
        return outcome() == Outcome.CRASHED || outcome() == Outcome.INCORRECT;
    }

    String message() {
        return switch (outcome()) {
            case CORRECT -> "";
            case LIBRARY ->
                "The numbers are right, but the library's own code computed them: write it from array operations.";
            case NOT_ATTEMPTED ->
                Objects.requireNonNullElse(Objects.requireNonNull(thrown).getMessage(), "");
            case CRASHED -> Thrown.describe(Objects.requireNonNull(thrown));
            default -> difference.message();
        };
    }

    Row row(String message) {
        double error = thrown != null ? Double.NaN : difference.maxError();
        return new Row(situation.name(), difference.shape(), difference.dtype(), error, outcome(), message);
    }
}
