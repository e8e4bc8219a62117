package tinyllm.lab;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import tech.tablesaw.api.Table;
import tinyllm.engine.Scheduler;
import tinyllm.engine.StepReport;
import tinyllm.lab.view.Live;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;

/**
 * The same requests in the same memory, in one piece for each text and in pages, and with memory for all of them: medians of interleaved
 * runs of the engine (chapter 3.1).
 */
public final class RoomRates {

    /**
     * One way to share out the memory.
     *
     * @param textsAtOnce mean over the steps
     * @param timesOut how often a request had to leave for lack of pages
     */
    public record Row(
            String memory, int tokensOfRoom, double textsAtOnce, int steps, int timesOut, double tokensPerSecond) {}

    private static final String PIECES = "one piece each";
    private static final String PAGES = "pages";
    private static final String ALL = "room for all";

    private final Map<String, List<BatchRun>> runs = new LinkedHashMap<>();
    private final Map<String, Integer> rooms = new LinkedHashMap<>();

    private RoomRates() {}

    /**
     * Measures.
     *
     * @param room tokens of the memory, at least the longest
     * @param longest tokens of the room that a text in one piece takes
     * @param rounds of each, 1 or more
     */
    public static RoomRates of(CausalLm model, Requests requests, int room, int longest, int rounds) {
        if (longest < 1 || room < longest || rounds < 1) {
            throw new IllegalArgumentException(
                    "room for " + room + " tokens holds no text of " + longest + "; and a round at least is needed");
        }
        RoomRates rates = new RoomRates();
        int plenty = (requests.size() + 1) * longest;
        try (Live live = new Live()) {
            for (int round = 0; round < rounds; round++) {
                live.progress("round", round, rounds);
                rates.run(PIECES, model, requests, room / longest, room);
                rates.run(PAGES, model, requests, requests.size(), room);
                rates.run(ALL, model, requests, requests.size(), plenty);
            }
        }
        return rates;
    }

    private void run(String name, CausalLm model, Requests requests, int slots, int room) {
        rooms.put(name, room);
        runs.computeIfAbsent(name, key -> new ArrayList<>())
                .add(BatchRun.silent(name, model, new Scheduler(), requests, slots, room));
    }

    /** A row for each way. */
    public List<Row> rows() {
        return runs.keySet().stream().map(this::row).toList();
    }

    private Row row(String name) {
        List<BatchRun> all = Objects.requireNonNull(runs.get(name));
        BatchRun first = all.getFirst(); // the steps of all are alike
        double texts = first.reports().stream()
                .mapToInt(report -> report.rows().size())
                .average()
                .orElseThrow();
        int out = first.reports().stream()
                .map(StepReport::preempted)
                .mapToInt(List::size)
                .sum();
        double speed = Timing.median(
                all.stream().mapToDouble(BatchRun::tokensPerSecond).toArray());
        return new Row(name, Objects.requireNonNull(rooms.get(name)), texts, first.steps(), out, speed);
    }

    public Table table() {
        return Tables.of(rows());
    }

    /** Tokens per second of the three. */
    public Picture chart() {
        List<Row> rows = rows();
        String title = String.format(
                Locale.ROOT,
                "%.1f times the tokens/s: %.1f texts at once in pages, %.1f in one piece each",
                rows.get(1).tokensPerSecond() / rows.getFirst().tokensPerSecond(),
                rows.get(1).textsAtOnce(),
                rows.getFirst().textsAtOnce());
        return Charts.bars(
                title,
                "how the memory is shared out",
                "tokens/s",
                rows.stream().map(Row::memory).toList(),
                rows.stream().mapToDouble(Row::tokensPerSecond).toArray());
    }
}
