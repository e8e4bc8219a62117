package tinyllm.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tinyllm.bench.Benchmark;
import tinyllm.bench.MlxLmRunner;
import tinyllm.bench.OurRunner;
import tinyllm.bench.Plan;
import tinyllm.bench.Report;
import tinyllm.bench.Runner;
import tinyllm.model.ModelConfig;
import tinyllm.model.Models;
import tinyllm.weights.ModelFiles;

/** Measurements that can be repeated. */
@Command(
        name = "bench",
        description =
                "Measure reading a prompt (prefill) or writing after it (decode), each run in a process of its own.")
final class BenchCommand implements Callable<Integer> {

    @Mixin
    private OutputOptions output;

    @Mixin
    private SolutionOptions solution;

    @Parameters(paramLabel = "WHAT", description = "prefill or decode")
    private String what;

    @Option(
            names = "--model",
            paramLabel = "M",
            defaultValue = "qwen2.5-coder-0.5b",
            description = "default: ${DEFAULT-VALUE}")
    private String model;

    @Option(names = "--vs", split = ",", paramLabel = "PEER", description = "measure a peer in turn with ours: mlx-lm")
    private List<String> peers = List.of();

    @Option(names = "--prompt-tokens", paramLabel = "N", defaultValue = "64", description = "default: ${DEFAULT-VALUE}")
    private int promptTokens;

    @Option(
            names = "--tokens",
            paramLabel = "N",
            defaultValue = "8",
            description = "tokens that decode writes (default: ${DEFAULT-VALUE})")
    private int newTokens;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "3",
            description = "runs of each engine (default: ${DEFAULT-VALUE})")
    private int rounds;

    @Option(names = "--threads", paramLabel = "N", defaultValue = "2", description = "default: ${DEFAULT-VALUE}")
    private int threads;

    @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
    BenchCommand() {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        Plan.Kind kind = kind();
        for (String peer : peers) {
            if (!peer.equals("mlx-lm")) {
                throw CommandException.wrongUsage("--vs " + peer + " is not built yet: mlx-lm is the one peer for now");
            }
        }
        Plan plan = new Plan(kind, model, promptTokens, kind == Plan.Kind.PREFILL ? 1 : newTokens, threads);
        ModelConfig config = ModelOptions.reading(model, () -> Models.config(model));
        if (promptTokens + plan.newTokens() > config.maxPositionEmbeddings()) {
            throw CommandException.wrongUsage("--prompt-tokens and --tokens make " + (promptTokens + plan.newTokens())
                    + " tokens, but the context of " + model + " holds " + config.maxPositionEmbeddings());
        }
        if (solution.mine()) {
            solution.load(output);
        }
        List<Runner> runners = new ArrayList<>(List.of(new OurRunner(solution.mine())));
        if (!peers.isEmpty()) {
            runners.add(new MlxLmRunner(ModelFiles.home(), config, output::note));
        }
        Report report = new Benchmark(plan, runners, rounds).run(output::note);
        Map<String, Object> json = report.json();
        json.putAll(solution.json());
        output.result(json, out -> table(out, report));
        return 0;
    }

    private Plan.Kind kind() {
        return switch (what.toLowerCase(Locale.ROOT)) {
            case "prefill" -> Plan.Kind.PREFILL;
            case "decode" -> Plan.Kind.DECODE;
            case "batch", "kernels", "attention", "serve" ->
                throw CommandException.wrongUsage(
                        "bench " + what + " is not built yet: prefill and decode are there for now");
            default -> throw CommandException.wrongUsage("bench measures prefill or decode, not \"" + what + "\"");
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

    private static String rate(Map<String, Object> row) {
        return row.get("tokens_per_s") instanceof Number n ? String.format(Locale.ROOT, "%.2f", n.doubleValue()) : "?";
    }
}
