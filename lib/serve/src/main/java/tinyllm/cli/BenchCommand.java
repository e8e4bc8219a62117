package tinyllm.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tinyllm.bench.Benchmark;
import tinyllm.bench.LlamaCppBatch;
import tinyllm.bench.LlamaCppRunner;
import tinyllm.bench.Machine;
import tinyllm.bench.MlxLmRunner;
import tinyllm.bench.OperationBench;
import tinyllm.bench.OurRunner;
import tinyllm.bench.Plan;
import tinyllm.bench.Report;
import tinyllm.bench.Row;
import tinyllm.bench.Runner;
import tinyllm.engine.Generator;
import tinyllm.kernel.KernelSet;
import tinyllm.model.ModelConfig;
import tinyllm.model.Models;
import tinyllm.weights.ModelFiles;

/** Measurements that can be repeated. */
@Command(
        name = "bench",
        description =
                "Measure reading a prompt (prefill) or writing after it (decode), each run in a process of its own;"
                        + " many requests at once (batch); single operations (attention, kernels); the ladder of the"
                        + " course, from week 1's loop on (course); or a server under load (serve, with options of its own).",
        subcommands = ServeBenchCommand.class)
final class BenchCommand implements Callable<Integer> {

    private static final Set<String> EACH = Set.of("--rounds", "--threads");
    private static final Set<String> GENERATION =
            Set.of("--model", "--vs", "--prompt-tokens", "--rounds", "--threads", "--kernels", "--solution");

    /** The options of each measurement; those that it refuses with words of its own are among them. */
    private static final Map<String, Set<String>> USED = Map.of(
            "prefill",
            GENERATION,
            "decode",
            and(GENERATION, "--tokens"),
            "course",
            and(GENERATION, "--tokens", "--requests", "--out"),
            "batch",
            and(EACH, "--model", "--vs", "--only", "--requests", "--out", "--kernels", "--solution"),
            "attention",
            EACH,
            "kernels",
            EACH);

    @Spec
    private CommandSpec spec;

    @Mixin
    private OutputOptions output;

    @Mixin
    private SolutionOptions solution;

    @Parameters(
            paramLabel = "WHAT",
            arity = "0..1",
            defaultValue = "",
            description = "prefill, decode, batch, attention, kernels, course or serve")
    private String what;

    @Option(
            names = "--model",
            paramLabel = "M",
            defaultValue = "qwen2.5-coder-0.5b",
            description = "default: ${DEFAULT-VALUE}")
    private String model;

    @Option(
            names = "--only",
            split = ",",
            paramLabel = "PART",
            description = "batch: measure these parts of at-once, week1, continuous, gap, prefix, overhead, constraint,"
                    + " cache, scheduler")
    private List<String> parts = List.of();

    @Option(
            names = "--vs",
            split = ",",
            paramLabel = "PEER",
            description = "measure peers in turn with ours: llama.cpp, mlx-lm")
    private List<String> peers = List.of();

    @Option(
            names = "--prompt-tokens",
            paramLabel = "N",
            description = "default: 512 for prefill, 128 for decode, 32 for course, or what the context holds")
    private @Nullable Integer promptTokensAsked;

    @Option(
            names = "--tokens",
            paramLabel = "N",
            description = "tokens that are written (default: 128 for decode, 16 for course)")
    private @Nullable Integer newTokensAsked;

    @Option(names = "--rounds", paramLabel = "N", description = "runs of each engine (default: 5, for course 1)")
    private @Nullable Integer roundsAsked;

    @Option(
            names = "--requests",
            paramLabel = "N",
            defaultValue = "16",
            description = "course: requests of a set; batch: requests at once (default: ${DEFAULT-VALUE})")
    private int requests;

    @Option(
            names = "--out",
            paramLabel = "F",
            description = "course, batch: where the chart goes, a PNG (default: target/course.png, target/batch.png)")
    private @Nullable String out;

    @Option(names = "--threads", paramLabel = "N", defaultValue = "2", description = "default: ${DEFAULT-VALUE}")
    private int threads;

    @Option(names = "--kernels", paramLabel = "SET", description = "ours: own (default on a CPU), mlx or reference")
    private @Nullable KernelSet kernels;

    @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
    BenchCommand() {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        checkOptions();
        checkPeers();
        if (what.equalsIgnoreCase("attention") || what.equalsIgnoreCase("kernels")) {
            return operations();
        }
        if (what.equalsIgnoreCase("batch")) {
            return batch();
        }
        boolean course = what.equalsIgnoreCase("course");
        Plan.Kind kind = course ? Plan.Kind.DECODE : kind();
        ModelConfig config = ModelOptions.reading(model, () -> Models.config(model));
        int newTokens = newTokensAsked != null ? newTokensAsked : course ? 16 : 128;
        int room = config.maxPositionEmbeddings() - (kind == Plan.Kind.PREFILL ? 1 : newTokens);
        int standard = Math.max(1, Math.min(kind == Plan.Kind.PREFILL ? 512 : course ? 32 : 128, room));
        int promptTokens = promptTokensAsked != null ? promptTokensAsked : standard;
        // a learner's parts stand in the reference
        KernelSet set = kernels != null ? kernels : solution.mine() ? KernelSet.REFERENCE : KernelSet.OWN;
        Plan plan = new Plan(kind, model, promptTokens, kind == Plan.Kind.PREFILL ? 1 : newTokens, threads, set);
        if (promptTokens + plan.newTokens() > config.maxPositionEmbeddings()) {
            throw CommandException.wrongUsage("--prompt-tokens and --tokens make " + (promptTokens + plan.newTokens())
                    + " tokens, but the context of " + model + " holds " + config.maxPositionEmbeddings());
        }
        if (course) {
            return course(plan, peers(config, promptTokens));
        }
        if (solution.mine()) {
            solution.load(Generator::hasPlaceFor, output);
        }
        List<Runner> runners = new ArrayList<>(List.of(new OurRunner(solution.mine())));
        runners.addAll(peers(config, promptTokens));
        Report report = new Benchmark(plan, runners, rounds(5)).run(output::note);
        Map<String, Object> json = report.json();
        json.putAll(solution.json());
        output.result(json, out -> table(out, report));
        return 0;
    }

    private int course(Plan plan, List<Runner> runners) throws IOException, InterruptedException {
        if (solution.mine() || kernels != null) {
            throw CommandException.wrongUsage(
                    "bench course takes neither --solution mine nor --kernels: each step has its own");
        }
        return new CourseBench(output, plan, runners, rounds(1), requests, out).run();
    }

    /** An option that a measurement would ignore is a mistake: who gives it expects something of it. */
    private void checkOptions() {
        Set<String> used = USED.get(what.toLowerCase(Locale.ROOT));
        if (used == null) {
            return; // no measurement is called so, which is said later
        }
        for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
            if (USED.values().stream().anyMatch(names -> names.contains(option.longestName()))
                    && !used.contains(option.longestName())) {
                throw CommandException.wrongUsage(
                        "bench " + what + " does not use " + option.longestName() + ": leave it out; "
                                + String.join(", ", used.stream().sorted().toList()) + " are its options");
            }
        }
    }

    private int rounds(int standard) {
        return roundsAsked != null ? roundsAsked : standard;
    }

    private List<Runner> peers(ModelConfig config, int promptTokens) {
        List<Runner> runners = new ArrayList<>();
        for (String peer : peers) {
            runners.add(
                    peer.equals("mlx-lm")
                            ? new MlxLmRunner(ModelFiles.home(), config, output::note)
                            : new LlamaCppRunner(
                                    ModelFiles.home(),
                                    ModelFiles.resolve(model),
                                    Row.prompt(Models.tokenizer(model), promptTokens),
                                    output::note));
        }
        return runners;
    }

    private void checkPeers() {
        for (String peer : peers) {
            if (!peer.equals("mlx-lm") && !peer.equals("llama.cpp")) {
                throw CommandException.wrongUsage("--vs " + peer + " is not a peer: llama.cpp and mlx-lm are");
            }
        }
    }

    private int batch() throws IOException, InterruptedException {
        if (requests < 1) {
            throw CommandException.wrongUsage("--requests must be 1 or more, but is " + requests);
        }
        if (rounds(5) < 1) {
            throw CommandException.wrongUsage("--rounds must be 1 or more, but is " + rounds(5));
        }
        if (solution.mine() || peers.contains("mlx-lm")) {
            throw CommandException.wrongUsage(
                    "bench batch takes neither --solution mine nor --vs mlx-lm, only llama.cpp");
        }
        KernelSet set = kernels == null ? KernelSet.OWN : kernels;
        LlamaCppBatch peer = peers.isEmpty()
                ? null
                : new LlamaCppBatch(ModelFiles.home(), ModelFiles.resolve(model), threads, output::note);
        return new BatchFigures(model, set, threads, rounds(5), requests, out, peer, output).run(parts);
    }

    /** Single operations, in this process. */
    private int operations() {
        Threads.use(threads);
        boolean attention = what.equalsIgnoreCase("attention");
        OperationBench bench = new OperationBench(rounds(5));
        List<Map<String, Object>> rows = attention ? bench.attention(512, 2048) : bench.kernels(1, 8, 32, 512);
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("what", what.toLowerCase(Locale.ROOT));
        json.put("threads", threads);
        json.put("machine", Machine.here().json());
        json.put("results", rows);
        output.result(
                json,
                out -> rows.forEach(row -> out.printf(
                        Locale.ROOT,
                        "%-18s %10.3f ms   %s%n",
                        row.get("variant"),
                        (Double) row.get("median_ms"),
                        attention
                                ? row.get("queries") + " queries and keys, " + row.get("peak_bytes")
                                        + " bytes more at most"
                                : row.get("rows") + " rows, " + row.get("matrix") + ", " + row.get("bits")
                                        + " bits, groups of " + row.get("group"))));
        return 0;
    }

    private Plan.Kind kind() {
        return switch (what.toLowerCase(Locale.ROOT)) {
            case "prefill" -> Plan.Kind.PREFILL;
            case "decode" -> Plan.Kind.DECODE;
            default ->
                throw CommandException.wrongUsage(
                        "bench measures prefill, decode, batch, attention, kernels or course, or a server (serve), not \""
                                + what + "\"");
        };
    }

    private static void table(PrintWriter out, Report report) {
        Plan plan = report.plan();
        out.printf(
                "%s, %d tokens of prompt, %d threads, %s%n",
                plan.model(),
                plan.promptTokens(),
                plan.threads(),
                report.machine().cpu());
        for (Map.Entry<String, List<Map<String, Object>>> engine :
                report.samples().entrySet()) {
            String name = engine.getKey();
            List<String> samples =
                    engine.getValue().stream().map(BenchCommand::rate).toList();
            out.printf(
                    Locale.ROOT,
                    "%-16s %8.2f tokens/s  (runs: %s)%n",
                    name,
                    report.median(name),
                    String.join(", ", samples));
        }
        for (String name : report.samples().keySet().stream().skip(1).toList()) {
            out.printf(Locale.ROOT, "ours is %.1f times %s%n", report.ratio(name), name);
        }
        String ours = report.samples().keySet().iterator().next();
        double weights = report.median(ours, "weight_bytes");
        out.printf(
                Locale.ROOT,
                "loading took %.1f s; its peak of anonymous memory was %.2f times the %s of weights%n",
                report.median(ours, "load_s"),
                report.median(ours, "load_peak_anonymous_bytes") / weights,
                Bytes.text((long) weights));
    }

    private static Set<String> and(Set<String> some, String... more) {
        return Stream.concat(some.stream(), Stream.of(more)).collect(Collectors.toUnmodifiableSet());
    }

    private static String rate(Map<String, Object> row) {
        return row.get("tokens_per_s") instanceof Number n ? String.format(Locale.ROOT, "%.2f", n.doubleValue()) : "?";
    }
}
