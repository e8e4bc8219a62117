package tinyllm.lab;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import tech.tablesaw.api.Table;
import tinyllm.engine.ContinuousBatching;
import tinyllm.engine.SchedulerStep;
import tinyllm.engine.StaticBatching;
import tinyllm.lab.view.Live;
import tinyllm.model.CausalLm;

/** The same requests one at a time, in static batches and in a continuous one: medians of interleaved runs (chapter 2.6). */
public final class BatchTimes {

    /**
     * One way of serving.
     *
     * @param seconds the median of all runs
     * @param percentOfCeiling of the ceiling's tokens/s
     */
    public record Row(
            String way, double seconds, double tokensPerSecond, double timesOneByOne, double percentOfCeiling) {}

    private static final String ALONE = "one at a time";

    private final Requests requests;
    private final Map<String, List<Double>> seconds = new LinkedHashMap<>();
    private final BatchRates rates;
    private final double ceiling;

    private BatchTimes(CausalLm model, Requests requests, int slots) {
        this.requests = requests;
        this.rates = BatchRates.of(model);
        this.ceiling = ceiling(model, slots);
    }

    /**
     * Measures.
     *
     * @param own makes the learner's scheduler
     * @param rounds of the batched ways, 1 or more; one at a time runs once, since it takes long
     */
    public static BatchTimes of(
            CausalLm model, Supplier<? extends SchedulerStep> own, Requests requests, int slots, int rounds) {
        BatchTimes times = new BatchTimes(model, requests, slots);
        try (Live live = new Live()) {
            int runs = 3 * rounds + 1;
            times.run(live, runs, ALONE, BatchRun.silent(ALONE, model, new ContinuousBatching(), requests, 1));
            for (int round = 0; round < rounds; round++) {
                times.run(
                        live,
                        runs,
                        "static, ended rows stay",
                        BatchRun.silent("stay", model, new StaticBatching(), requests.padded(slots), slots));
                times.run(
                        live,
                        runs,
                        "static, ended rows leave",
                        BatchRun.silent("leave", model, new StaticBatching(), requests, slots));
                times.run(live, runs, "continuous, yours", BatchRun.silent("yours", model, own.get(), requests, slots));
            }
        }
        return times;
    }

    /** The two rates alone, for a simulation. */
    public static BatchRates rates(CausalLm model) {
        return BatchRates.of(model);
    }

    private void run(Live live, int runs, String way, BatchRun run) {
        seconds.computeIfAbsent(way, key -> new ArrayList<>()).add(run.seconds());
        live.progress(way, seconds.values().stream().mapToInt(List::size).sum(), runs);
    }

    /** Tokens/s if every slot were busy in every step, and a step cost what its rows or the weights cost. */
    private double ceiling(CausalLm model, int slots) {
        long read = requests.prompts().stream()
                .mapToLong(prompt -> model.tokenizer().encode(prompt).length)
                .sum();
        int answers = requests.tokens();
        double steps = Math.ceilDiv(answers, slots);
        return answers / (read / rates.prefill() + Math.max(answers / rates.prefill(), steps / rates.decode()));
    }

    /** A row for each way. */
    public Table table() {
        double slowest = median(ALONE);
        List<Row> rows = new ArrayList<>();
        seconds.keySet().forEach(way -> {
            double perSecond = requests.tokens() / median(way);
            rows.add(new Row(way, median(way), perSecond, slowest / median(way), 100 * perSecond / ceiling));
        });
        return Tables.of(rows);
    }

    private double median(String way) {
        return Timing.median(Objects.requireNonNull(seconds.get(way)).stream()
                .mapToDouble(s -> s)
                .toArray());
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "P = %.0f, D = %.1f tokens/s; the ceiling for these requests is %.1f tokens/s",
                rates.prefill(),
                rates.decode(),
                ceiling);
    }
}
