package tinyllm.lab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import tinyllm.engine.StepReport;
import tinyllm.lab.view.Picture;

/** Tokens per second while runs go on, step by step (chapter 2.6). */
public final class BatchSpeed {

    /** Steps that a point looks back over: one step's tokens over its time jumps with every prompt. */
    private static final int WINDOW = 5;

    private BatchSpeed() {}

    /** A line for each run, over the seconds since its start. */
    public static Picture of(BatchRun... runs) {
        if (runs.length == 0) {
            throw new IllegalArgumentException("the chart needs at least one run");
        }
        List<String> parts = new ArrayList<>();
        for (BatchRun run : runs) {
            parts.add(String.format(Locale.ROOT, "%s done after %.1f s", run.name(), run.seconds()));
        }
        Plot plot =
                Charts.plot(String.join(", ", parts), "seconds since the start", "tokens/s, over " + WINDOW + " steps");
        for (BatchRun run : runs) {
            double[] at = new double[run.steps()];
            double[] rate = new double[run.steps()];
            fill(run.reports(), at, rate);
            plot.series(run.name(), at, rate);
        }
        return plot.picture();
    }

    /** Ends of the steps, and the tokens of the last steps over their time. */
    static void fill(List<StepReport> reports, double[] at, double[] rate) {
        double[] tokens = reports.stream().mapToDouble(StepReport::chosenTokens).toArray();
        double[] seconds = reports.stream()
                .mapToDouble(report -> report.phases().seconds())
                .toArray();
        for (int i = 0; i < at.length; i++) {
            int from = Math.max(0, i + 1 - WINDOW);
            at[i] = (i == 0 ? 0 : at[i - 1]) + seconds[i];
            rate[i] = Arrays.stream(tokens, from, i + 1).sum()
                    / Arrays.stream(seconds, from, i + 1).sum();
        }
    }
}
