package tinyllm.lab;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tech.tablesaw.api.Table;
import tinyllm.cache.EvictFn;
import tinyllm.cache.PageKeysFn;
import tinyllm.lab.view.Live;
import tinyllm.model.CausalLm;

/** The time to the first token of two requests with the same system prompt, in rounds that each begin with nothing known (chapter 4.2). */
public final class PrefixTimes {

    /**
     * @param read tokens that passed through the model before the first token came
     * @param ttftMs the median of all rounds
     * @param percentOfFirst of the first request's time
     * @param percentRead of the first request's tokens: what it would be if only tokens cost time
     */
    public record Row(
            String request, int promptTokens, int read, double ttftMs, double percentOfFirst, double percentRead) {}

    private final List<Row> rows = new ArrayList<>();

    private PrefixTimes() {}

    /**
     * Measures.
     *
     * @param systemTokens of the common system prompt
     * @param rounds 1 or more
     */
    public static PrefixTimes of(CausalLm model, PageKeysFn keys, EvictFn eviction, int systemTokens, int rounds) {
        if (rounds < 1) {
            throw new IllegalArgumentException(rounds + " rounds measure nothing; 1 or more do");
        }
        Questions two = Questions.library(2);
        List<PrefixRun.Row> first = new ArrayList<>();
        List<PrefixRun.Row> second = new ArrayList<>();
        try (Live live = new Live()) {
            for (int round = 0; round < rounds; round++) {
                PrefixRun run = PrefixRun.run(
                        "round " + (round + 1), model, PrefixRun.index(keys, eviction), two, systemTokens, 1, false);
                first.add(run.rows().get(0));
                second.add(run.rows().get(1));
                live.progress("rounds", round + 1, rounds);
            }
        }
        PrefixTimes times = new PrefixTimes();
        times.add("first", first, first);
        times.add("second", second, first);
        return times;
    }

    private void add(String request, List<PrefixRun.Row> runs, List<PrefixRun.Row> first) {
        PrefixRun.Row one = runs.getFirst();
        double ms = median(runs);
        rows.add(new Row(
                request,
                one.promptTokens(),
                one.read(),
                ms,
                100 * ms / median(first),
                100.0 * one.read() / first.getFirst().read()));
    }

    private static double median(List<PrefixRun.Row> runs) {
        return Timing.median(runs.stream().mapToDouble(PrefixRun.Row::ttftMs).toArray());
    }

    public List<Row> rows() {
        return List.copyOf(rows);
    }

    public Table table() {
        return Tables.of(rows);
    }

    @Override
    public String toString() {
        Row second = rows.getLast();
        return String.format(
                Locale.ROOT,
                "the second request reads %d of its %d tokens and has its first token after %.1f %% of the first one's time",
                second.read(),
                second.promptTokens(),
                second.percentOfFirst());
    }
}
