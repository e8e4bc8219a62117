package tinyllm.lab;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tinyllm.engine.StepReport;
import tinyllm.lab.view.Picture;

/** Room that is taken for keys and values and holds none: in pages, and in one piece for each text (chapter 3.1). */
public final class PageWaste {

    private static final int[] SIZES = {1, 2, 4, 8, 16, 32, 64, 128, 256};
    private static final int SHOWN = 16;

    private final List<StepReport> reports;
    private final int longest;

    private PageWaste(List<StepReport> reports, int longest) {
        this.reports = reports;
        this.longest = longest;
    }

    /**
     * @param run of an engine, whose texts had as many tokens at each step as its reports say
     * @param longest tokens for which a text in one piece takes room at its beginning: as long as any may become
     */
    public static PageWaste of(BatchRun run, int longest) {
        int most = run.reports().stream()
                .flatMap(report -> report.rows().stream())
                .mapToInt(StepReport.Row::computed)
                .max()
                .orElseThrow();
        if (longest < most) {
            throw new IllegalArgumentException(
                    "a text of this run has " + most + " tokens, and room for " + longest + " would be too little");
        }
        return new PageWaste(run.reports(), longest);
    }

    /** Tokens that there is room for at a step, when room is taken in pieces of that size; those that end in it have given theirs back. */
    private static double room(StepReport report, int size) {
        return held(report).stream()
                .mapToDouble(row -> (double) Math.ceilDiv(row.computed(), size) * size)
                .sum();
    }

    private static List<StepReport.Row> held(StepReport report) {
        return report.rows().stream()
                .filter(row -> row.pages() > 0 && row.computed() > 0)
                .toList();
    }

    /** The share of the room, over all steps, that holds no token, in percent, for pages of that many tokens. */
    public double emptyPercent(int pageTokens) {
        double room =
                reports.stream().mapToDouble(report -> room(report, pageTokens)).sum();
        double tokens = reports.stream().mapToDouble(report -> room(report, 1)).sum();
        return 100 * (room - tokens) / room;
    }

    /** The same for one piece of the longest length for each text. */
    public double emptyInOnePiece() {
        return emptyPercent(longest);
    }

    /** Room taken at each step, and what of it is filled. */
    public Picture overTime() {
        String title = String.format(
                Locale.ROOT,
                "Empty room: %.0f %% in pieces for %,d tokens, %.1f %% in pages of %d",
                emptyInOnePiece(),
                longest,
                emptyPercent(SHOWN),
                SHOWN);
        return Charts.plot(title, "step of the engine", "tokens that there is room for")
                .series("one piece for each text", column(longest))
                .series("pages of " + SHOWN, column(SHOWN))
                .series("tokens that are there", column(1))
                .picture();
    }

    private double[] column(int size) {
        return reports.stream().mapToDouble(report -> room(report, size)).toArray();
    }

    /**
     * The empty share over the size of a page, and what half a page for each text would be.
     *
     * @param guess the name of a prediction in percent
     */
    public Picture bySize(String guess) {
        List<Double> sizes = new ArrayList<>();
        for (int size : SIZES) {
            if (size <= longest) {
                sizes.add((double) size);
            }
        }
        double[] x = sizes.stream().mapToDouble(size -> size).toArray();
        double[] measured = sizes.stream()
                .mapToDouble(size -> emptyPercent(size.intValue()))
                .toArray();
        double[] expected = sizes.stream().mapToDouble(this::expected).toArray();
        String title = String.format(
                Locale.ROOT,
                "Pages of 16 leave %.1f %% empty, pages of 128 %.0f %%",
                emptyPercent(SHOWN),
                emptyPercent(8 * SHOWN));
        return Charts.plot(title, "tokens of a page", "% of the room that is empty")
                .logX()
                .series("this run", x, measured)
                .series("half a page for each text", x, expected)
                .level("one piece for each text", emptyInOnePiece())
                .guess(guess)
                .picture();
    }

    /** With half a page empty for each text: (T − 1)/2 rows beside its tokens. */
    private double expected(double size) {
        double texts =
                reports.stream().mapToDouble(report -> held(report).size()).sum();
        double tokens = reports.stream().mapToDouble(report -> room(report, 1)).sum();
        double empty = texts * (size - 1) / 2;
        return 100 * empty / (empty + tokens);
    }
}
