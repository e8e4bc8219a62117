package tinyllm.lab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import tinyllm.engine.StepReport;
import tinyllm.lab.chart.SlotPainter;
import tinyllm.lab.chart.SlotPainter.Cell;
import tinyllm.lab.chart.SlotPainter.Strip;
import tinyllm.lab.view.Film;
import tinyllm.lab.view.Picture;

/** Who holds which slot at each step, drawn from the engine's reports (chapter 2.6). */
public final class SlotTimeline {

    /** An axis of a run that is still going has a multiple of so many steps. */
    private static final int CHUNK = 20;

    private static final int FRAMES = 40;
    private static final int FRAME_MS = 200;

    private SlotTimeline() {}

    /** One run, or several under each other on one axis. */
    public static Picture of(BatchRun... runs) {
        if (runs.length == 0) {
            throw new IllegalArgumentException("a timeline needs at least one run");
        }
        int steps = Arrays.stream(runs).mapToInt(BatchRun::steps).max().orElseThrow();
        BatchRun first = runs[0];
        String title = runs.length == 1
                ? String.format(
                        Locale.ROOT,
                        "%d requests in %d slots: %d steps, %.0f %% of the slots empty",
                        first.requests().size(),
                        first.slots(),
                        first.steps(),
                        first.emptyPercent())
                : title(runs);
        return paint(title, List.of(runs), steps);
    }

    private static String title(BatchRun... runs) {
        List<String> parts = new ArrayList<>();
        for (BatchRun run : runs) {
            parts.add(String.format(Locale.ROOT, "%s %d steps", run.name(), run.steps()));
        }
        return runs[0].requests().size() + " requests: " + String.join(", ", parts);
    }

    /** A run that is still going, on an axis that grows in strides. */
    static Picture soFar(BatchRun run) {
        int steps = Math.ceilDiv(Math.max(1, run.steps()), CHUNK) * CHUNK;
        return paint("Step " + run.steps() + ": " + run.tokens() + " tokens so far", List.of(run), steps);
    }

    /** The run from its first step to its last, some steps between two frames if it has many. */
    static Film film(BatchRun run) {
        int stride = Math.ceilDiv(run.steps(), FRAMES);
        List<Picture> frames = new ArrayList<>();
        for (int step = stride; step < run.steps(); step += stride) {
            frames.add(frame(run, step));
        }
        frames.add(frame(run, run.steps()));
        String text = String.format(
                Locale.ROOT,
                "A film of %d steps: who joins, and who leaves, in which slot. The last: %s",
                run.steps(),
                run);
        return Charts.film(text, frames, FRAME_MS);
    }

    private static Picture frame(BatchRun run, int steps) {
        List<StepReport> seen = run.reports().subList(0, steps);
        int tokens = seen.stream().mapToInt(StepReport::chosenTokens).sum();
        double seconds =
                seen.stream().mapToDouble(report -> report.phases().seconds()).sum();
        String title = "Step " + steps + " of " + run.steps() + ": " + tokens + " tokens";
        String name = String.format(Locale.ROOT, "%s: %.2f s", run.name(), seconds);
        return SlotPainter.paint(title, List.of(new Strip(name, run.slots(), cells(seen))), run.steps(), title + ".");
    }

    private static Picture paint(String title, List<BatchRun> runs, int steps) {
        List<Strip> strips = new ArrayList<>();
        StringBuilder text = new StringBuilder(title).append(". ");
        for (BatchRun run : runs) {
            String name = String.format(
                    Locale.ROOT, "%s: %.2f s, %.1f tokens/s", run.name(), run.seconds(), run.tokensPerSecond());
            strips.add(new Strip(name, run.slots(), cells(run.reports())));
            text.append(run).append(". ");
        }
        return SlotPainter.paint(title, strips, steps, text.toString().strip());
    }

    /** The steps counted from the first of these reports. */
    static List<Cell> cells(List<StepReport> reports) {
        List<Cell> cells = new ArrayList<>();
        for (StepReport report : reports) {
            int step = (int) (report.step() - reports.getFirst().step());
            for (StepReport.Row row : report.rows()) {
                boolean reads = row.work() == StepReport.Work.PREFILL;
                cells.add(new Cell(step, row.slot(), row.request(), reads, row.tokens()));
            }
        }
        return cells;
    }
}
