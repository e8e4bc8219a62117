package tinyllm.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tinyllm.cache.PageBudget;
import tinyllm.engine.ChromeTrace;
import tinyllm.engine.Engine;
import tinyllm.engine.EngineMetrics;
import tinyllm.engine.EngineOptions;
import tinyllm.engine.QueueBounds;
import tinyllm.engine.SchedulerPolicy;
import tinyllm.engine.StepListener;
import tinyllm.model.CausalLm;
import tinyllm.sampling.SamplingParams;

/** A file of prompts, many at once. */
@Command(
        name = "batch",
        description = {
            "Answer a file of prompts, many at once; run it again to go on where it stopped, and to repeat what failed.",
            "Each line of the input is a JSON object: \"prompt\", and as one likes \"id\", \"max_tokens\", \"temperature\","
                    + " \"top_k\", \"top_p\", \"min_p\", \"repetition_penalty\", \"seed\", \"stop\". Each line of the output has"
                    + " the input's \"line\" (from 1) and \"id\", the \"seed\" that it was answered with, \"text\", \"finish_reason\" and"
                    + " counts, or an \"error\". A line without \"seed\" has one of its own, from --seed and its number."
        })
final class BatchCommand implements Callable<Integer> {

    /** What waits is what the window lets in: the engine refuses nothing of it. */
    private static final QueueBounds WINDOW_ALONE = new QueueBounds(Integer.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE);

    private static final String FAILED_LINES =
            " holds an error for %d of its lines: run the command again to ask them once more";
    private static final int MOST = Integer.MAX_VALUE;

    @Mixin
    private OutputOptions output;

    @Mixin
    private ModelOptions model;

    @Mixin
    private SamplingOptions sampling;

    @Mixin
    private SolutionOptions solution;

    @Option(names = "--input", required = true, paramLabel = "FILE", description = "prompts, as JSON lines")
    private Path input;

    @Option(names = "--output", required = true, paramLabel = "FILE", description = "answers, as JSON lines")
    private Path answers;

    @Option(
            names = "--batch-size",
            paramLabel = "N",
            defaultValue = "16",
            description = "requests at once (default: ${DEFAULT-VALUE})")
    private int batchSize;

    @Option(
            names = "--prefill-step",
            paramLabel = "N",
            defaultValue = "128",
            description = "tokens of prompts in a step beside decoding requests (default: ${DEFAULT-VALUE})")
    private int prefillStep;

    @Option(
            names = "--cache-tokens",
            paramLabel = "N",
            description = "tokens whose keys and values fit in memory (default: 1024 for each of the batch)")
    private @Nullable Integer cacheTokens;

    @Option(names = "--raw", description = "take prompts as they stand, without the model's chat template")
    private boolean raw;

    @Option(names = "--trace", paramLabel = "FILE", description = "write every step as a Chrome trace")
    private @Nullable Path trace;

    @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
    BatchCommand() {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        SchedulerPolicy policy = policy();
        if (trace != null) {
            ServerTrace.check(trace);
        }
        BatchDefaults defaults = new BatchDefaults(sampling.params(0), sampling.maxTokens(), raw);
        BatchFile file = BatchFile.open(input, answers, defaults, sampling.seed());
        output.note("prompts: " + file.size() + ", answered before: " + file.done()
                + (file.failedBefore() > 0 ? ", failed before and asked again: " + file.failedBefore() : "")
                + ", seed " + file.baseSeed());
        long start = System.nanoTime();
        BatchRun run = new BatchRun(file, output);
        EngineMetrics metrics = null;
        if (file.done() < file.size()) {
            CausalLm loaded = model.loadForEngine(output, solution.mine());
            EngineOptions options = EngineOptions.standard()
                    .with(policy)
                    .with(PageBudget.tokens(tokens(loaded)))
                    .with(WINDOW_ALONE);
            try (ChromeTrace writer = trace == null ? null : new ChromeTrace(trace);
                    Engine engine = engine(loaded, writer == null ? options : options.with((StepListener) writer))) {
                start = System.nanoTime();
                run.through(engine, new BatchRoom(loaded, raw, engine.capacity()), window());
                metrics = engine.metrics();
            }
        }
        report(file, run, metrics, (System.nanoTime() - start) / 1e9);
        return run.failed() > 0 ? 1 : 0;
    }

    private SchedulerPolicy policy() {
        if (batchSize < 1 || prefillStep < 1) {
            throw CommandException.wrongUsage(
                    "--batch-size and --prefill-step must be 1 or more, but are " + batchSize + " and " + prefillStep);
        }
        if (cacheTokens != null && cacheTokens < 16) {
            throw CommandException.wrongUsage("--cache-tokens must be 16 or more, but is " + cacheTokens);
        }
        return SchedulerPolicy.standard()
                .withMaxRunning(batchSize)
                .withStepTokens(Math.max(batchSize + prefillStep, 512))
                .withChunkTokens(prefillStep);
    }

    private int tokens(CausalLm loaded) {
        return cacheTokens != null
                ? cacheTokens
                : Math.clamp((long) batchSize * Math.min(1024, loaded.config().maxPositionEmbeddings()), 1, MOST);
    }

    /** Requests that are with the engine at once: enough that a slot that falls free never waits for a file. */
    private int window() {
        return Math.clamp(4L * batchSize, 1, MOST);
    }

    private Engine engine(CausalLm loaded, EngineOptions options) {
        Engine engine = new Engine(loaded, options);
        return solution.mine() ? engine.with(solution.load(Engine::hasPlaceFor, output)) : engine;
    }

    private void report(BatchFile file, BatchRun run, @Nullable EngineMetrics metrics, double seconds) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("prompts", file.size());
        json.put("answered_before", file.done());
        json.put("failed_before", file.failedBefore());
        json.put("seed", file.baseSeed());
        json.put("answered", run.answered());
        json.put("failed", run.failed());
        json.put("seconds", Json.rounded(seconds, 3));
        json.put("completion_tokens", run.tokens());
        json.put("tokens_per_s", Json.rounded(run.tokens() / seconds, 3));
        if (metrics != null) {
            json.put("steps", metrics.steps());
            json.put("preemptions", metrics.preemptions());
            json.put("prefix_hit_rate", Json.rounded(metrics.prefixHitRate(), 4));
        }
        json.putAll(solution.json());
        output.result(
                json,
                out -> out.println(String.format(
                        Locale.ROOT,
                        "%d answers, %d failures, %d tokens in %.1f s: %.1f tokens/s; seed %d; %s%s",
                        run.answered(),
                        run.failed(),
                        run.tokens(),
                        seconds,
                        run.tokens() / seconds,
                        file.baseSeed(),
                        answers,
                        run.failed() > 0 ? String.format(FAILED_LINES, run.failed()) : "")));
    }

    /** What a line of the input does not say. */
    record BatchDefaults(SamplingParams sampling, int maxTokens, boolean raw) {}
}
