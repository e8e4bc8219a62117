package tinyllm.lab;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import tech.tablesaw.api.Table;
import tinyllm.engine.SchedulerStep;
import tinyllm.lab.view.Live;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;

/** The size of a chunk against the gap between two tokens, and against the newcomer's wait: medians of interleaved runs (chapter 2.7). */
public final class ChunkTimes {

    /**
     * One size.
     *
     * @param chunk tokens
     * @param longestGapMs between two tokens of a request that is writing
     * @param expectedGapMs what a step of the chunk and four rows should take: max(1/D, (chunk + 4)/P)
     * @param firstTokenMs from the long prompt's arrival to its first token
     */
    public record Row(int chunk, double longestGapMs, double expectedGapMs, double firstTokenMs) {}

    private static final int WRITERS = 4;

    private final int promptTokens;
    private final BatchRates rates;
    private final Map<Integer, List<GapRun>> runs = new LinkedHashMap<>();

    private ChunkTimes(int promptTokens, BatchRates rates) {
        this.promptTokens = promptTokens;
        this.rates = rates;
    }

    /**
     * Measures.
     *
     * @param own makes the learner's scheduler
     * @param promptTokens of the prompt that arrives
     * @param rounds of every size, 1 or more
     * @param chunks sizes, two or more
     */
    public static ChunkTimes of(
            CausalLm model, Supplier<? extends SchedulerStep> own, int promptTokens, int rounds, int... chunks) {
        if (chunks.length < 2) {
            throw new IllegalArgumentException("a trade-off needs two sizes or more, not " + chunks.length);
        }
        try (Live live = new Live()) {
            live.progress("P and D", 0, (long) rounds * chunks.length);
            ChunkTimes times = new ChunkTimes(promptTokens, BatchRates.of(model));
            int done = 0;
            for (int round = 0; round < rounds; round++) {
                for (int chunk : chunks) {
                    GapRun run = GapRun.silent(model, own.get(), promptTokens, chunk);
                    times.runs.computeIfAbsent(chunk, key -> new ArrayList<>()).add(run);
                    live.progress("chunks of " + chunk, ++done, (long) rounds * chunks.length);
                }
            }
            return times;
        }
    }

    private double median(int chunk, ToDoubleFunction<GapRun> what) {
        return 1e3
                * Timing.median(Objects.requireNonNull(runs.get(chunk)).stream()
                        .mapToDouble(what)
                        .toArray());
    }

    /** A row for each size. */
    public List<Row> rows() {
        return runs.keySet().stream()
                .map(chunk -> new Row(
                        chunk,
                        median(chunk, GapRun::longestGap),
                        1e3 * Math.max(1 / rates.decode(), (Math.min(chunk, promptTokens) + WRITERS) / rates.prefill()),
                        median(chunk, GapRun::firstToken)))
                .toList();
    }

    public Table table() {
        return Tables.of(rows());
    }

    /** Both times over the size of the chunk. */
    public Picture chart() {
        List<Row> rows = rows();
        Row small = rows.getFirst();
        Row large = rows.getLast();
        double[] x = rows.stream().mapToDouble(Row::chunk).toArray();
        String title = String.format(
                Locale.ROOT,
                "Chunks of %d instead of %d: gaps %.1f times shorter, first token %.1f times later",
                small.chunk(),
                large.chunk(),
                large.longestGapMs() / small.longestGapMs(),
                small.firstTokenMs() / large.firstTokenMs());
        return Charts.plot(title, "tokens of a chunk", "ms")
                .logX()
                .logY()
                .series("longest gap of those who write", x, column(rows, Row::longestGapMs))
                .series("expected gap", x, column(rows, Row::expectedGapMs))
                .series("first token of the long prompt", x, column(rows, Row::firstTokenMs))
                .picture();
    }

    private static double[] column(List<Row> rows, ToDoubleFunction<Row> value) {
        return rows.stream().mapToDouble(value).toArray();
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "P = %.0f, D = %.1f tokens/s", rates.prefill(), rates.decode());
    }
}
