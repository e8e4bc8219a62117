package tinyllm.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tinyllm.lab.chart.BarPainter;
import tinyllm.lab.chart.LinePainter;
import tinyllm.lab.chart.LinePainter.Level;
import tinyllm.lab.chart.LinePainter.Series;
import tinyllm.lab.view.Picture;

/** The pictures of {@code bench batch}: one for each part that ran, from that part's samples. */
final class BatchCharts {
    /** Logarithmic axes have no 0. */
    private static final double LEAST = 1e-4;

    private static final double[] EDGES = {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, Double.POSITIVE_INFINITY};

    private final Map<String, Object> report;
    private final List<Picture> panels = new ArrayList<>();

    private BatchCharts(Map<String, Object> report) {
        this.report = report;
    }

    /** @param report as the command prints it with --json */
    static List<Picture> of(Map<String, Object> report) {
        BatchCharts charts = new BatchCharts(report);
        charts.part("at_once", charts::atOnce);
        charts.part("continuous", charts::continuous);
        charts.part("continuous", charts::waste);
        charts.part("gap", charts::gap);
        charts.part("prefix", charts::prefix);
        charts.part("overhead", charts::overhead);
        charts.part("constraint", charts::constraint);
        charts.part("cache", charts::cache);
        charts.scheduler();
        return charts.panels;
    }

    private interface Panel {
        Picture of(Map<?, ?> row);
    }

    private void part(String name, Panel panel) {
        if (report.get(name) instanceof Map<?, ?> row) {
            panels.add(panel.of(row));
        }
    }

    private Picture atOnce(Map<?, ?> row) {
        Map<String, Double> rates = new LinkedHashMap<>();
        if (report.get("week1") instanceof Map<?, ?> week1) {
            rates.put("week 1's loop", number(row, "answer_tokens") / number(week1, "seconds_per_request"));
        }
        rates.put("one after another", number(row, "loop_tokens_per_s"));
        rates.put("at once", number(row, "batch_tokens_per_s"));
        if (row.get("peer") instanceof Map<?, ?> peer) {
            rates.put(String.valueOf(peer.get("name")).replaceAll(" .*", ""), number(peer, "tokens_per_s"));
        }
        double ceiling = number(row, "loop_tokens_per_s") * number(row, "R");
        String title = text(
                "%.0f requests at once: %.1f times the tokens/s of one after another",
                number(row, "requests"), number(row, "speedup"));
        return bars(
                title,
                text("%.0f tokens in, %.0f out", number(row, "prompt_tokens"), number(row, "answer_tokens")),
                "tokens/s of all answers",
                labelled(rates, "%.1f"),
                Map.of("tokens/s", values(List.copyOf(rates.values()))),
                List.of(new Level("what this run's prefill and decode allow", ceiling, false)));
    }

    private Picture continuous(Map<?, ?> row) {
        List<Series> series = new ArrayList<>();
        if (row.get("samples") instanceof Map<?, ?> samples) {
            series.add(running("continuous", samples.get("continuous")));
            series.add(running("static, finished rows dropped", samples.get("static_dropped")));
        }
        String title = text(
                "%.0f requests: continuous %.1f s, static %.1f s, with padded rows %.1f s",
                number(row, "requests"),
                number(row, "continuous_s"),
                number(row, "static_dropped_s"),
                number(row, "static_padded_s"));
        Level padded = new Level("static, padded: its end", number(row, "static_padded_s"), false, true);
        return lines(title, "seconds", "requests that run", series, List.of(padded), false);
    }

    private static Series running(String name, @Nullable Object samples) {
        Map<?, ?> steps = map(samples);
        return new Series(name, values(steps.get("end_s")), values(steps.get("rows")), true);
    }

    private Picture waste(Map<?, ?> row) {
        double[] paged = percent(values(row.get("paged_samples")));
        double[] reserved = percent(values(row.get("contiguous_samples")));
        String title = text(
                "Room for keys and values, held and unused: %.1f %% in pages, %.0f %% reserved",
                100 * number(row, "paged_waste"), 100 * number(row, "contiguous_waste"));
        return lines(
                title,
                "step of continuous batching",
                "unused, %",
                List.of(
                        new Series(text("pages of %.0f tokens", number(row, "page_tokens")), steps(paged), paged, true),
                        new Series("the longest text set aside", steps(reserved), reserved, true)),
                List.of(),
                false);
    }

    private Picture gap(Map<?, ?> row) {
        String title = text(
                "Longest gap while %.0f tokens arrive: %.0f ms in chunks, %.0f ms whole",
                number(row, "prompt_tokens"), 1e3 * number(row, "chunked_s"), 1e3 * number(row, "whole_s"));
        return lines(
                title,
                "seconds since the prompt arrived (the last round)",
                "ms between two tokens",
                List.of(gaps("in chunks of 128", row.get("chunked_gaps")), gaps("whole", row.get("whole_gaps"))),
                List.of(),
                true);
    }

    private static Series gaps(String name, @Nullable Object samples) {
        Map<?, ?> gaps = map(samples);
        double[] ms = Arrays.stream(values(gaps.get("gap_s")))
                .map(s -> Math.max(LEAST, 1e3 * s))
                .toArray();
        return new Series(name, values(gaps.get("end_s")), ms, false);
    }

    private Picture prefix(Map<?, ?> row) {
        Map<?, ?> samples = map(row.get("samples"));
        Map<String, double[]> series = new LinkedHashMap<>();
        series.put("nobody had the prompt before", values(samples.get("first")));
        series.put("another request had it", values(samples.get("second")));
        return bars(
                text(
                        "A known system prompt of %.0f tokens: first token in %.1f %% of the time",
                        number(row, "system_tokens"), 100 * number(row, "share")),
                "round",
                "ms to the first token",
                rounds(values(samples.get("first")).length),
                series,
                List.of());
    }

    private Picture overhead(Map<?, ?> row) {
        List<Series> series = new ArrayList<>();
        Map<?, ?> phases = map(row.get("phase_samples"));
        phases.forEach((name, samples) -> {
            double[] ms =
                    Arrays.stream(values(samples)).map(v -> Math.max(LEAST, v)).toArray();
            series.add(new Series(String.valueOf(name).replace("_ms", ""), steps(ms), ms, true));
        });
        return lines(
                text(
                        "All but the model takes %.1f %% of a step of %.0f requests",
                        100 * number(row, "share"), number(row, "rows")),
                "step",
                "ms",
                series,
                List.of(),
                true);
    }

    private Picture constraint(Map<?, ?> row) {
        List<String> labels = new ArrayList<>();
        Map<String, List<Double>> series = new LinkedHashMap<>();
        for (Object each : list(row.get("batches"))) {
            Map<?, ?> batch = map(each);
            labels.add(text("%.0f at once", number(batch, "requests")));
            series.computeIfAbsent("free", k -> new ArrayList<>()).add(number(batch, "free_ms"));
            series.computeIfAbsent("held to a schema", k -> new ArrayList<>()).add(number(batch, "again_ms"));
            series.computeIfAbsent("held, all masks new", k -> new ArrayList<>())
                    .add(number(batch, "first_ms"));
        }
        Map<String, double[]> drawn = new LinkedHashMap<>();
        series.forEach((name, values) -> drawn.put(name, values(values)));
        return bars(
                text("Answers held to a JSON Schema of %.0f properties", number(row, "properties")),
                "requests",
                "ms of a step",
                labels,
                drawn,
                List.of());
    }

    private Picture cache(Map<?, ?> row) {
        double[] differences = values(row.get("samples"));
        List<String> labels = new ArrayList<>();
        double[] share = new double[EDGES.length];
        for (int i = 0; i < EDGES.length; i++) {
            double from = i == 0 ? -1 : EDGES[i - 1];
            double to = EDGES[i];
            labels.add(Double.isInfinite(to) ? "more" : "to " + to);
            long within =
                    Arrays.stream(differences).filter(d -> d > from && d <= to).count();
            share[i] = 100.0 * within / differences.length;
        }
        return bars(
                text(
                        "Keys and values of 8 bits: %.1f %% of float16's bytes, mean difference %.3f",
                        100 * number(row, "share_of_bytes"), number(row, "mean_difference")),
                "|difference| of a given token's log-probability",
                text("%% of %.0f tokens", number(row, "tokens")),
                labels,
                Map.of("8 bits", share),
                List.of());
    }

    private void scheduler() {
        if (!(report.get("scheduler") instanceof List<?> rows) || rows.isEmpty()) {
            return;
        }
        Map<String, Double> rates = new LinkedHashMap<>();
        for (Object each : rows) {
            Map<?, ?> row = map(each);
            rates.put(String.valueOf(row.get("policy")), number(row, "plans_per_s") / 1e3);
        }
        double requests = number(map(rows.getFirst()), "requests");
        panels.add(bars(
                text("The scheduler alone: %,.0f simulated requests, at most 64 running", requests),
                "policy",
                "thousand plans/s",
                labelled(rates, "%.0f"),
                Map.of("thousand plans/s", values(List.copyOf(rates.values()))),
                List.of()));
    }

    /** Names with their numbers, for bars that may be too small to be read. */
    private static List<String> labelled(Map<String, Double> values, String format) {
        return values.entrySet().stream()
                .map(e -> e.getKey() + ": " + text(format, e.getValue()))
                .toList();
    }

    private static Picture bars(
            String title,
            String xLabel,
            String yLabel,
            List<String> labels,
            Map<String, double[]> series,
            List<Level> levels) {
        return BarPainter.paint(title, xLabel, yLabel, labels, series, levels, title);
    }

    private static Picture lines(
            String title, String xLabel, String yLabel, List<Series> series, List<Level> levels, boolean logY) {
        return LinePainter.paint(title, xLabel, yLabel, series, levels, false, logY, title);
    }

    private static List<String> rounds(int count) {
        return IntStream.rangeClosed(1, count).mapToObj(Integer::toString).toList();
    }

    private static double[] steps(double[] values) {
        return IntStream.rangeClosed(1, values.length).asDoubleStream().toArray();
    }

    private static double[] percent(double[] shares) {
        return Arrays.stream(shares).map(share -> 100 * share).toArray();
    }

    private static double[] values(@Nullable Object numbers) {
        return list(numbers).stream()
                .mapToDouble(v -> v instanceof Number n ? n.doubleValue() : Double.NaN)
                .toArray();
    }

    private static List<?> list(@Nullable Object value) {
        return (List<?>) Objects.requireNonNull(value);
    }

    private static Map<?, ?> map(@Nullable Object value) {
        return (Map<?, ?>) Objects.requireNonNull(value);
    }

    private static double number(Map<?, ?> row, String field) {
        return row.get(field) instanceof Number n ? n.doubleValue() : Double.NaN;
    }

    private static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
