package tinyllm.lab.check;

import java.util.List;
import org.jspecify.annotations.Nullable;
import tinyllm.lab.view.Rich;

/**
 * What a check found. Shown as a small table.
 *
 * @param id the exercise
 * @param title its title
 * @param outcome how it ended
 * @param rows one per case that was run
 * @param message the most telling sentence; empty when correct
 * @param mistake the learner's mistake by name, when it was recognised
 * @param printed what the answer printed meanwhile, cut
 * @param seconds how long the check took
 * @param wrong the first wrong result beside the expected one
 * @param answer name of the learner's class; null for a lambda, or when there is none
 */
public record CheckResult(
        String id,
        String title,
        Outcome outcome,
        List<Row> rows,
        String message,
        @Nullable String mistake,
        String printed,
        double seconds,
        @Nullable Wrong wrong,
        @Nullable String answer)
        implements Rich {

    /**
     * One case.
     *
     * @param shape of the expected result
     * @param dtype of the expected result
     * @param maxError largest absolute error, NaN where there is none
     * @param message one sentence; empty when correct
     */
    public record Row(String name, String shape, String dtype, double maxError, Outcome outcome, String message) {}

    /** A wrong result of a case, for pictures; the index of the first wrong entry where there is one. */
    @SuppressWarnings("ArrayRecordComponent")
    public record Wrong(String situation, Object expected, Object actual, int @Nullable [] index) {}

    /** Correct, by the learner's own code. */
    public boolean solved() {
        return outcome == Outcome.CORRECT;
    }

    @Override
    public String text() {
        return CheckView.text(this);
    }

    @Override
    public String html() {
        return CheckView.html(this);
    }

    @Override
    public String toString() {
        return text();
    }
}
