package tinyllm.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tinyllm.bench.BatchBench;
import tinyllm.bench.CacheBench;
import tinyllm.bench.ConstraintBench;
import tinyllm.bench.LlamaCppBatch;
import tinyllm.bench.Machine;
import tinyllm.bench.OurRunner;
import tinyllm.bench.Plan;
import tinyllm.bench.SchedulerBench;
import tinyllm.kernel.KernelSet;
import tinyllm.model.CausalLm;
import tinyllm.model.LoadListener;
import tinyllm.model.Models;

/** {@code bench batch}: what batching brings, part by part. */
final class BatchFigures {
    static final List<String> PARTS =
            List.of("at-once", "week1", "continuous", "gap", "prefix", "overhead", "constraint", "cache", "scheduler");

    /** Requests of a trace for each slot. */
    private static final int TRACE = 8;

    /** Those that need no model, or another one. */
    private static final List<String> ALONE = List.of("cache", "scheduler");

    private static final int SIMULATED = 100_000;

    private final String name;
    private final KernelSet kernels;
    private final int threads;
    private final int rounds;
    private final int requests;
    private final Path png;
    private final @Nullable LlamaCppBatch peer;
    private final OutputOptions output;
    private final Map<String, Object> json = new LinkedHashMap<>();

    BatchFigures(
            String name,
            KernelSet kernels,
            int threads,
            int rounds,
            int requests,
            @Nullable String out,
            @Nullable LlamaCppBatch peer,
            OutputOptions output) {
        this.name = name;
        this.kernels = kernels;
        this.threads = threads;
        this.rounds = rounds;
        this.requests = requests;
        this.png = PanelSheet.file(out, "batch.png");
        this.peer = peer;
        this.output = output;
    }

    int run(List<String> asked) throws IOException, InterruptedException {
        for (String part : asked) {
            if (!PARTS.contains(part)) {
                throw CommandException.wrongUsage(
                        "--only " + part + " is no part of bench batch: " + String.join(", ", PARTS) + " are");
            }
        }
        List<String> parts = asked.isEmpty() ? PARTS : asked;
        Threads.use(threads);
        json.put("what", "batch");
        json.put("model", name);
        json.put("kernels", kernels.word());
        json.put("threads", threads);
        json.put("rounds", rounds);
        json.put("machine", Machine.here().json());
        json.put("load_before", Machine.load());
        if (parts.stream().anyMatch(part -> !ALONE.contains(part))) {
            CausalLm model = load(kernels);
            measure(parts, new BatchBench(model, requests, rounds, output::note));
            if (parts.contains("constraint")) {
                json.put("constraint", new ConstraintBench(model, rounds, output::note).run());
            }
        }
        if (parts.contains("cache")) {
            json.put("cache", new CacheBench(load(KernelSet.REFERENCE), output::note).run());
        }
        if (parts.contains("week1")) {
            week1();
        }
        if (parts.contains("scheduler")) {
            json.put("scheduler", SchedulerBench.run(SIMULATED, rounds));
        }
        PanelSheet.write(PanelSheet.of(title(), BatchCharts.of(json)), png);
        json.put("png", png.toString());
        output.result(json, this::print);
        return 0;
    }

    private CausalLm load(KernelSet set) {
        return ModelOptions.reading(name, () -> Models.load(name, set, LoadListener.NONE));
    }

    private String title() {
        return String.format(
                "%s, kernels %s, %d threads, %s",
                name, kernels.word(), threads, Machine.here().cpu());
    }

    private void measure(List<String> parts, BatchBench bench) throws IOException, InterruptedException {
        if (parts.contains("at-once") || parts.contains("week1")) {
            if (peer != null) {
                peer.prepare();
            }
            json.put("at_once", bench.atOnce(peer));
        }
        if (parts.contains("continuous")) {
            json.put("continuous", bench.continuous(TRACE * requests));
        }
        if (parts.contains("gap")) {
            json.put("gap", bench.gap());
        }
        if (parts.contains("prefix")) {
            json.put("prefix", bench.prefix());
        }
        if (parts.contains("overhead")) {
            json.put("overhead", bench.overhead());
        }
    }

    /** Week 1's loop reads the whole text for each token: three of its 64 steps are timed, at the begin, in the middle and at the end. */
    private void week1() throws IOException, InterruptedException {
        List<Double> steps = new ArrayList<>();
        for (int length : new int[] {128, 160, 191}) {
            output.note("week 1's loop: one step at " + length + " tokens");
            Plan plan = new Plan(Plan.Kind.PREFILL, name, length, 1, threads, KernelSet.REFERENCE);
            Map<String, Object> row = new OurRunner().run(plan);
            steps.add(length / number(row, "tokens_per_s"));
        }
        double request = 64 * steps.stream().mapToDouble(s -> s).average().orElseThrow();
        double batch = number("at_once", "requests_per_s");
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("seconds_per_request", request);
        row.put("step_seconds_at_128_160_191", steps);
        row.put("speedup", batch * request);
        json.put("week1", row);
    }

    private double number(String part, String field) {
        return json.get(part) instanceof Map<?, ?> row ? number(row, field) : Double.NaN;
    }

    private static double number(Map<?, ?> row, String field) {
        return row.get(field) instanceof Number n ? n.doubleValue() : Double.NaN;
    }

    private void print(PrintWriter out) {
        out.println(title());
        printThroughput(out);
        printDelays(out);
        printConstraint(out);
        printCache(out);
        if (json.get("scheduler") instanceof List<?> rows) {
            for (Object each : rows) {
                if (each instanceof Map<?, ?> row) {
                    String policy = String.valueOf(row.get("policy"));
                    line(out, "scheduler, %s: %,.0f plans/s", policy, number(row, "plans_per_s"));
                }
            }
        }
        out.println("chart: " + png);
    }

    private void printThroughput(PrintWriter out) {
        if (json.containsKey("at_once")) {
            line(
                    out,
                    "%d requests at once (128 in, 64 out): %.1f tokens/s; one after another with a cache: %.1f; %.2f times",
                    requests,
                    number("at_once", "batch_tokens_per_s"),
                    number("at_once", "loop_tokens_per_s"),
                    number("at_once", "speedup"));
            line(
                    out,
                    "  P = %.1f, D = %.1f tokens/s of one request, so at most R = %.2f times: %.0f %% of it",
                    number("at_once", "P"),
                    number("at_once", "D"),
                    number("at_once", "R"),
                    100 * number("at_once", "share_of_ceiling"));
        }
        if (json.get("at_once") instanceof Map<?, ?> row && row.get("peer") instanceof Map<?, ?> other) {
            line(
                    out,
                    "  %s, the same requests in one context: %.1f tokens/s; ours is %.2f times that",
                    String.valueOf(other.get("name")),
                    number(other, "tokens_per_s"),
                    number(other, "ours_over_this"));
        }
        if (json.containsKey("week1")) {
            line(
                    out,
                    "against week 1's loop (%.1f s a request): %.0f times the requests/s",
                    number("week1", "seconds_per_request"),
                    number("week1", "speedup"));
        }
        if (json.containsKey("continuous")) {
            line(
                    out,
                    "%.0f requests, answers log-uniform in 16…%.0f, %d slots: continuous %.1f s, static padded %.1f s (%.2f times),"
                            + " finished rows dropped %.1f s (%.2f times)",
                    number("continuous", "requests"),
                    number("continuous", "longest_answer_tokens"),
                    requests,
                    number("continuous", "continuous_s"),
                    number("continuous", "static_padded_s"),
                    number("continuous", "against_padded"),
                    number("continuous", "static_dropped_s"),
                    number("continuous", "against_dropped"));
            line(
                    out,
                    "  held and unused: %.1f %% in pages of 16 tokens, %.1f %% where the longest text is set aside",
                    100 * number("continuous", "paged_waste"),
                    100 * number("continuous", "contiguous_waste"));
        }
    }

    private void printDelays(PrintWriter out) {
        if (json.containsKey("gap")) {
            line(
                    out,
                    "longest gap while a prompt of %,.0f tokens arrives: %.2f s in chunks of 128, %.2f s whole; %.1f times shorter",
                    number("gap", "prompt_tokens"),
                    number("gap", "chunked_s"),
                    number("gap", "whole_s"),
                    number("gap", "shorter"));
        }
        if (json.containsKey("prefix")) {
            line(
                    out,
                    "first token after a system prompt of %,.0f tokens: %.0f ms, then %.0f ms (%.1f %%)",
                    number("prefix", "system_tokens"),
                    number("prefix", "first_ms"),
                    number("prefix", "second_ms"),
                    100 * number("prefix", "share"));
        }
        if (json.containsKey("overhead")) {
            line(
                    out,
                    "64 rows: scheduling, sampling and streaming take %.1f %% of a step (%.2f + %.2f + %.2f ms beside %.1f ms)",
                    100 * number("overhead", "share"),
                    number("overhead", "plan_ms"),
                    number("overhead", "sample_ms"),
                    number("overhead", "stream_ms"),
                    number("overhead", "model_ms"));
        }
    }

    private void printConstraint(PrintWriter out) {
        if (!(json.get("constraint") instanceof Map<?, ?> row)) {
            return;
        }
        line(
                out,
                "a JSON Schema of %.0f properties: %.1f ms until its first mask (the first one %.1f ms); the vocabulary's tree %.0f ms, once",
                number(row, "properties"),
                number(row, "compile_ms"),
                number(row, "first_compile_ms"),
                number(row, "tree_ms"));
        if (row.get("batches") instanceof List<?> batches) {
            for (Object each : batches) {
                if (each instanceof Map<?, ?> batch) {
                    line(
                            out,
                            "  %.0f at once: a step takes %.2f ms free, %.2f ms held to it (%+.1f %%), %.2f ms when its masks are new (%+.1f %%)",
                            number(batch, "requests"),
                            number(batch, "free_ms"),
                            number(batch, "again_ms"),
                            100 * (number(batch, "again_over_free") - 1),
                            number(batch, "first_ms"),
                            100 * (number(batch, "first_over_free") - 1));
                }
            }
        }
    }

    private void printCache(PrintWriter out) {
        if (json.containsKey("cache")) {
            line(
                    out,
                    "keys and values of 8 bits, kernels reference: %.1f %% of float16's bytes; the log-probability of a given token"
                            + " moves by %.4f (%,.0f tokens of prose)",
                    100 * number("cache", "share_of_bytes"),
                    number("cache", "mean_difference"),
                    number("cache", "tokens"));
        }
    }

    private static void line(PrintWriter out, String format, Object... values) {
        out.println(String.format(Locale.ROOT, format, values));
    }
}
