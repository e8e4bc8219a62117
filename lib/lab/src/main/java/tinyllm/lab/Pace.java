package tinyllm.lab;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.exercises.Exercises;
import tinyllm.lab.progress.Progress;
import tinyllm.lab.progress.Progress.Entry;
import tinyllm.lab.progress.Progress.State;
import tinyllm.lab.view.Html;
import tinyllm.lab.view.Rich;

/** How long the learner took for each exercise that is solved (chapter 0). */
public final class Pace {

    private Pace() {}

    /** Minutes from the first check of an exercise to the green one; a sentence while nothing is solved. */
    public static Rich chart() {
        return chart(Lab.currentProgress());
    }

    static Rich chart(Progress progress) {
        List<Exercise<?>> solved = Exercises.all().stream()
                .filter(e -> progress.entry(e.id()).state() == State.SOLVED)
                .toList();
        if (solved.isEmpty()) {
            return Html.of("No exercise is solved yet: your speed appears here after the first green check.");
        }
        double[] minutes = solved.stream()
                .mapToDouble(e -> minutes(progress.entry(e.id())))
                .toArray();
        int checks =
                solved.stream().mapToInt(e -> progress.entry(e.id()).attempts()).sum();
        String title = String.format(
                Locale.ROOT,
                "%d solved, %.1f checks each, median %.0f minutes",
                solved.size(),
                (double) checks / solved.size(),
                Timing.median(minutes));
        if (Arrays.stream(minutes).max().orElse(0) == 0) {
            return Html.of(title
                    + ": each within seconds of its first check. The chart comes with the first that takes longer.");
        }
        return Charts.bars(
                title,
                "exercise",
                "minutes from the first check",
                solved.stream().map(Exercise::id).toList(),
                minutes);
    }

    private static double minutes(Entry entry) {
        return Math.round((entry.solvedAt() - entry.firstTriedAt()) / 6_000.0) / 10.0;
    }
}
