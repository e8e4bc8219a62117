package tinyllm.lab;

import java.util.Arrays;
import java.util.Collections;
import java.util.Locale;
import tinyllm.engine.ContinuousBatching;
import tinyllm.lab.view.Live;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;

/** How long a decode step takes by the number of its rows (chapter 2.6). */
public final class RowCost {

    private static final int STEPS = 8;

    private RowCost() {}

    /**
     * Medians of the steps in which so many short texts decode, beside what they would take one after another.
     *
     * @param rows two sizes or more, the smallest first
     */
    public static Picture of(CausalLm model, int... rows) {
        if (rows.length < 2 || Arrays.stream(rows).anyMatch(r -> r < 1)) {
            throw new IllegalArgumentException(
                    "a line needs two sizes or more, of one row or more: " + Arrays.toString(rows));
        }
        double[] x = Arrays.stream(rows).asDoubleStream().toArray();
        double[] ms = new double[rows.length];
        try (Live live = new Live()) {
            for (int i = 0; i < rows.length; i++) {
                live.progress("a step of " + rows[i] + " rows", i, rows.length);
                ms[i] = ms(model, rows[i]);
            }
            live.progress("steps", rows.length, rows.length);
        }
        int last = rows.length - 1;
        String title = String.format(
                Locale.ROOT,
                "A step for %d rows takes %.1f times as long as one for %d",
                rows[last],
                ms[last] / ms[0],
                rows[0]);
        return Charts.plot(title, "rows in the step", "ms for the step")
                .series("together", x, ms)
                .series(
                        "one after another",
                        x,
                        Arrays.stream(x).map(r -> r * ms[0] / rows[0]).toArray())
                .picture();
    }

    private static double ms(CausalLm model, int rows) {
        int[] answers = new int[rows];
        Arrays.fill(answers, STEPS);
        Requests same = new Requests(Collections.nCopies(rows, "The sea is"), answers);
        return Timing.median(BatchRun.silent("rows", model, new ContinuousBatching(), same, rows).reports().stream()
                .filter(report -> report.decodeRows() == rows)
                .mapToDouble(report -> 1e3 * report.phases().model())
                .toArray());
    }
}
