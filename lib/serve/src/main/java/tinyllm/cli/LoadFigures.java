package tinyllm.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tinyllm.bench.Machine;
import tinyllm.lab.view.Picture;
import tinyllm.load.Lengths;
import tinyllm.load.Load;
import tinyllm.load.LoadCharts;
import tinyllm.load.LoadReport;
import tinyllm.load.Percentiles;
import tinyllm.load.ServiceLevel;
import tinyllm.load.TraceGenerator;

/** {@code bench serve}: runs one load, draws it, and tells it. */
final class LoadFigures {

    private final OutputOptions output;
    private final LoadOptions options;
    private final int warmUp;
    private final Path folder;

    LoadFigures(OutputOptions output, LoadOptions options, int warmUp, Path folder) {
        this.output = output;
        this.options = options;
        this.warmUp = warmUp;
        this.folder = folder;
    }

    int run(Load load) throws IOException, InterruptedException {
        TraceGenerator trace = options.trace();
        if (warmUp > 0) {
            output.note("warming up with " + warmUp + " requests");
            TraceGenerator other = new TraceGenerator(
                    trace.seed() + 1, trace.requestsPerSecond(), Lengths.fixed(16), Lengths.fixed(8), 1);
            load.closed(1, other, warmUp);
        }
        Integer clients = options.clients();
        output.note(options.requests() + " requests, " + words(clients));
        LoadReport report = clients == null
                ? load.open(trace, options.requests())
                : load.closed(clients, trace, options.requests());
        List<String> charts = draw(report);
        output.result(json(report, trace, clients, charts), out -> table(out, report, clients, charts));
        return report.answered() == 0 ? CommandException.FAILED : 0;
    }

    private String words(@Nullable Integer clients) {
        return clients == null
                ? String.format(Locale.ROOT, "open loop, %s arrive in a second by chance", number(options.rate()))
                : "closed loop, " + clients + (clients == 1 ? " client" : " clients");
    }

    private static String number(double value) {
        return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
    }

    private List<String> draw(LoadReport report) throws IOException {
        List<String> files = new ArrayList<>();
        Map<String, Picture> charts = new LinkedHashMap<>();
        if (report.answered() > 0) {
            charts.put("latency.png", LoadCharts.latencies(report));
        }
        charts.put("requests.png", LoadCharts.requests(report));
        charts.put("rate.png", LoadCharts.rate(report));
        try {
            Files.createDirectories(folder);
            for (Map.Entry<String, Picture> chart : charts.entrySet()) {
                Path file = folder.resolve(chart.getKey());
                Files.write(file, chart.getValue().png());
                files.add(file.toString());
            }
            return files;
        } catch (IOException e) {
            throw CommandException.failed("the charts cannot be written to " + folder + ": " + e.getMessage());
        }
    }

    private Map<String, Object> json(
            LoadReport report, TraceGenerator trace, @Nullable Integer clients, List<String> charts) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("what", "serve");
        json.put("loop", clients == null ? "open" : "closed");
        if (clients == null) {
            json.put("rate", trace.requestsPerSecond());
        } else {
            json.put("clients", clients);
        }
        json.put("seed", trace.seed());
        json.put("prompt_lengths", trace.prompts().words());
        json.put("answer_lengths", trace.answers().words());
        json.put("machine", Machine.here().json());
        json.put("charts", charts);
        json.putAll(report.json(options.level()));
        return json;
    }

    private void table(PrintWriter out, LoadReport report, @Nullable Integer clients, List<String> charts) {
        ServiceLevel level = options.level();
        out.printf(
                Locale.ROOT,
                "%s at %s, %s, seed %d: %d requests in %.1f s%n",
                report.model(),
                report.url(),
                words(clients),
                options.seed(),
                report.samples().size(),
                report.seconds());
        out.printf("%-16s %9s %9s %9s %9s %9s%n", "milliseconds", "p50", "p90", "p95", "p99", "longest");
        row(out, "first token", report.firstToken());
        row(out, "between events", report.gaps());
        row(out, "for a token", report.perToken());
        row(out, "whole answer", report.toEnd());
        row(out, "sent late", report.late());
        out.printf(
                "answers: %s%n",
                report.outcomes().entrySet().stream()
                        .map(e -> e.getValue() + " × " + e.getKey())
                        .collect(Collectors.joining(", ")));
        problems(out, report);
        out.printf(
                Locale.ROOT,
                "%.1f tokens/s (%d tokens in %d events, after %d of prompts), %.2f requests/s%n",
                report.tokensPerSecond(),
                report.tokens(),
                report.events(),
                report.promptTokens(),
                report.requestsPerSecond());
        out.printf(
                Locale.ROOT,
                "goodput: %.2f requests/s with the first token within %.0f ms and %.0f ms for each after it%n",
                report.goodput(level),
                level.firstToken() * 1e3,
                level.perToken() * 1e3);
        out.printf("charts: %s%n", String.join(", ", charts));
    }

    /** What servers said, each sentence once. */
    private static void problems(PrintWriter out, LoadReport report) {
        report.samples().stream()
                .filter(sample -> !sample.ok())
                .map(sample -> "  " + sample.outcome() + ": " + sample.problem())
                .distinct()
                .limit(5)
                .forEach(out::println);
    }

    private static void row(PrintWriter out, String name, Percentiles of) {
        out.printf(
                Locale.ROOT,
                "%-16s %9.1f %9.1f %9.1f %9.1f %9.1f%n",
                name,
                of.p50() * 1e3,
                of.p90() * 1e3,
                of.p95() * 1e3,
                of.p99() * 1e3,
                of.max() * 1e3);
    }
}
