package tinyllm.lab.challenge;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tinyllm.lab.challenge.Launcher.Counts;
import tinyllm.lab.view.Rich;

/**
 * What a contest gave; shown as a table.
 *
 * @param unit what decides: "ms" or "transactions"; less is better
 * @param fewestBytes what any way has to move at least; 0 where it is not known
 * @param best the learner's best before this contest, and now; NaN for none
 */
public record ChallengeResult(
        String id, String title, String size, String unit, long fewestBytes, List<Row> rows, double before, double best)
        implements Rich {

    /**
     * One way.
     *
     * @param yours whether it is the learner's
     * @param value in the result's unit; NaN when it has no place
     * @param counts of a Metal way on the host
     * @param problem why it has no place; empty otherwise
     */
    public record Row(
            String name,
            boolean yours,
            double value,
            @Nullable Counts counts,
            String problem) {
        public boolean placed() {
            return !Double.isNaN(value);
        }
    }

    public ChallengeResult {
        rows = List.copyOf(rows);
    }

    /** With what the learner reached before this, and now. */
    public ChallengeResult best(double earlier, double now) {
        return new ChallengeResult(id, title, size, unit, fewestBytes, rows, earlier, now);
    }

    /** The learner's best place of this contest; empty when none has one, or when it was the library's own code. */
    public Optional<Row> yours() {
        return rows.stream().filter(r -> r.yours() && r.placed()).min(Comparator.comparingDouble(Row::value));
    }

    /** Under which the best is kept: sizes and units differ between machines and modes. */
    public String key() {
        return id + " | " + size + " | " + unit;
    }

    @Override
    public String text() {
        return new ChallengeView(this).text();
    }

    @Override
    public String html() {
        return new ChallengeView(this).html();
    }
}
