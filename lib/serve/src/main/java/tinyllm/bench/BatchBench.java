package tinyllm.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tinyllm.cache.PageBudget;
import tinyllm.engine.Completion;
import tinyllm.engine.Engine;
import tinyllm.engine.EngineOptions;
import tinyllm.engine.EngineRequest;
import tinyllm.engine.Generator;
import tinyllm.engine.RequestHandle;
import tinyllm.engine.SchedulerPolicy;
import tinyllm.engine.Simulation;
import tinyllm.engine.StaticBatching;
import tinyllm.engine.StepListener;
import tinyllm.engine.StepReport;
import tinyllm.load.Lengths;
import tinyllm.load.TraceGenerator;
import tinyllm.model.CausalLm;
import tinyllm.sampling.SamplingParams;

/** What batching brings, on one loaded model: each method measures one thing and returns it with its raw samples. */
public final class BatchBench {
    private static final int PROMPT = 128;
    private static final int ANSWER = 64;

    private final CausalLm model;
    private final int requests;
    private final int rounds;
    private final Consumer<String> note;

    /**
     * @param requests that run at once, 16 for the course's figures
     * @param rounds runs of each measurement
     * @param note gets a line about what happens
     */
    public BatchBench(CausalLm model, int requests, int rounds, Consumer<String> note) {
        this.model = model;
        this.requests = requests;
        this.rounds = rounds;
        this.note = note;
    }

    /** A prompt of its own for each request: the same text from another place on. */
    private int[] prompt(int request, int length) {
        int[] text = Row.prompt(model.tokenizer(), length + request);
        return Arrays.copyOfRange(text, request, request + length);
    }

    private EngineOptions options(int tokens) {
        return EngineOptions.standard()
                .with(SchedulerPolicy.standard().withMaxRunning(requests))
                .with(PageBudget.tokens(tokens))
                .withPrefixCache(false)
                .withStepLimit(Duration.ofMinutes(5));
    }

    /**
     * The same requests one after another with a cache, and all at once.
     *
     * @param peer takes its turn in each round; null for none
     */
    public Map<String, Object> atOnce(@Nullable LlamaCppBatch peer) throws IOException, InterruptedException {
        List<Map<String, Object>> peers = new ArrayList<>();
        List<Double> prefill = new ArrayList<>();
        List<Double> decode = new ArrayList<>();
        List<Double> loop = new ArrayList<>();
        List<Double> batch = new ArrayList<>();
        Generator generator = new Generator(model).cached();
        generator.complete(prompt(0, PROMPT), SamplingParams.GREEDY, 4, piece -> {});
        for (int round = 0; round < rounds; round++) {
            note.accept("round " + (round + 1) + ": " + requests + " requests one after another");
            long start = System.nanoTime();
            long tokens = 0;
            for (int i = 0; i < requests; i++) {
                Completion done = generator.complete(prompt(i, PROMPT), SamplingParams.GREEDY, ANSWER, piece -> {});
                tokens += done.tokens().size();
                prefill.add(done.prefillTokensPerSecond());
                decode.add(done.decodeTokensPerSecond());
            }
            loop.add(tokens / seconds(start));
            note.accept("round " + (round + 1) + ": " + requests + " requests at once");
            batch.add(batch());
            if (peer != null) {
                note.accept("round " + (round + 1) + ": " + peer.name());
                peers.add(peer.run(
                        IntStream.range(0, requests)
                                .mapToObj(i -> prompt(i, PROMPT))
                                .toList(),
                        ANSWER));
            }
        }
        double p = SchedulerBench.median(prefill);
        double d = SchedulerBench.median(decode.stream().filter(x -> !x.isNaN()).toList());
        double ceiling = ceiling(p, d);
        double speedup = SchedulerBench.median(batch) / SchedulerBench.median(loop);
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("requests", requests);
        row.put("prompt_tokens", PROMPT);
        row.put("answer_tokens", ANSWER);
        row.put("P", p);
        row.put("D", d);
        row.put("R", ceiling);
        row.put("loop_tokens_per_s", SchedulerBench.median(loop));
        row.put("batch_tokens_per_s", SchedulerBench.median(batch));
        row.put("speedup", speedup);
        row.put("share_of_ceiling", speedup / ceiling);
        row.put("requests_per_s", SchedulerBench.median(batch) / ANSWER);
        if (peer != null) {
            row.put("peer", beside(peer.name(), SchedulerBench.median(batch), peers));
        }
        row.put("samples", Map.of("P", prefill, "D", decode, "loop", loop, "batch", batch));
        return row;
    }

    private static Map<String, Object> beside(String name, double ours, List<Map<String, Object>> samples) {
        double theirs = SchedulerBench.median(samples.stream()
                .map(sample -> sample.get("tokens_per_s") instanceof Number n ? n.doubleValue() : Double.NaN)
                .toList());
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("name", name);
        row.put("tokens_per_s", theirs);
        row.put("ours_over_this", ours / theirs);
        row.put("samples", samples);
        return row;
    }

    /** How much faster a batch can be: its prompts at P, its decode steps as cheap as one row, or as 22 rows at P where that is more. */
    private double ceiling(double p, double d) {
        double alone = requests * (PROMPT / p + ANSWER / d);
        double rows = requests * 22.0 / 16;
        return alone / (requests * PROMPT / p + ANSWER * Math.max(1 / d, rows / p));
    }

    /** Only the sum of tokens counts here, so prompts are read as the step's budget allows, whoever decodes beside them. */
    private double batch() {
        SchedulerPolicy policy = SchedulerPolicy.standard().withMaxRunning(requests);
        EngineOptions options =
                options(requests * (PROMPT + ANSWER + 16)).with(policy.withChunkTokens(policy.stepTokens()));
        try (Engine engine = new Engine(model, options)) {
            long start = System.nanoTime();
            List<RequestHandle> handles = new ArrayList<>();
            for (int i = 0; i < requests; i++) {
                handles.add(
                        engine.submit(EngineRequest.tokens(prompt(i, PROMPT)).maxTokens(ANSWER)));
            }
            long tokens = 0;
            for (RequestHandle handle : handles) {
                tokens += handle.result().tokens().size();
            }
            return tokens / seconds(start);
        }
    }

    /** Continuous batching against a batch that ends with its longest member, with and without its finished rows. */
    public Map<String, Object> continuous(int count) {
        List<Simulation.Request> trace = new ArrayList<>();
        int longest = Math.min(256, model.config().maxPositionEmbeddings() - PROMPT);
        TraceGenerator.atOnce(5, Lengths.fixed(PROMPT), Lengths.logUniform(16, longest))
                .requests(count)
                .forEachRemaining(trace::add);
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("requests", count);
        row.put("slots", requests);
        row.put("longest_answer_tokens", longest);
        row.put(
                "answer_tokens",
                trace.stream().mapToInt(Simulation.Request::outputTokens).sum());
        PageWaste waste = new PageWaste(16, PROMPT + longest);
        StepRows joining = new StepRows();
        StepRows together = new StepRows();
        EngineOptions options = options(requests * (PROMPT + 256 + 16));
        note.accept("continuous batching: " + count + " requests");
        double continuous = run(options.with((StepListener) waste).with((StepListener) joining), trace);
        note.accept("static batching, finished rows dropped");
        double dropped = run(options.with(new StaticBatching()).with((StepListener) together), trace);
        note.accept("static batching, finished rows padded");
        double padded = run(options.with(new StaticBatching()), padded(trace));
        row.put("continuous_s", continuous);
        row.put("static_padded_s", padded);
        row.put("static_dropped_s", dropped);
        row.put("against_padded", padded / continuous);
        row.put("against_dropped", dropped / continuous);
        row.putAll(waste.json());
        row.put("samples", Map.of("continuous", joining.json(), "static_dropped", together.json()));
        return row;
    }

    /** Each batch of the trace as long as its longest member. */
    private List<Simulation.Request> padded(List<Simulation.Request> trace) {
        List<Simulation.Request> all = new ArrayList<>();
        for (int first = 0; first < trace.size(); first += requests) {
            List<Simulation.Request> batch = trace.subList(first, Math.min(trace.size(), first + requests));
            int longest = batch.stream()
                    .mapToInt(Simulation.Request::outputTokens)
                    .max()
                    .orElseThrow();
            batch.forEach(r -> all.add(new Simulation.Request(r.arrives(), r.promptTokens(), longest, r.priority())));
        }
        return all;
    }

    private double run(EngineOptions options, List<Simulation.Request> trace) {
        try (Engine engine = new Engine(model, options)) {
            long start = System.nanoTime();
            List<RequestHandle> handles = new ArrayList<>();
            for (int i = 0; i < trace.size(); i++) {
                Simulation.Request r = trace.get(i);
                handles.add(engine.submit(EngineRequest.tokens(prompt(i, r.promptTokens()))
                        .maxTokens(r.outputTokens())
                        .ignoreEnd()));
            }
            handles.forEach(RequestHandle::result);
            return seconds(start);
        }
    }

    /** The longest gap between two tokens of requests that run, while a prompt of 2,048 tokens arrives. */
    public Map<String, Object> gap() {
        int length = Math.min(2048, model.config().maxPositionEmbeddings() - 64);
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("prompt_tokens", length);
        int[] chunks = {128, 4096};
        double[] longest = new double[2];
        for (int i = 0; i < 2; i++) {
            String name = i == 0 ? "chunked" : "whole";
            List<Double> samples = new ArrayList<>();
            for (int round = 0; round < rounds; round++) {
                note.accept("a prompt of " + length + " tokens, " + (i == 0 ? "in chunks of 128" : "whole"));
                Map<String, List<Double>> gaps = gaps(chunks[i], length);
                samples.add(gaps.getOrDefault("gap_s", List.of()).stream()
                        .max(Double::compare)
                        .orElseThrow());
                row.put(name + "_gaps", gaps); // the last round's stay
            }
            longest[i] = SchedulerBench.median(samples);
            row.put(name + "_s", longest[i]);
            row.put(name + "_samples", samples);
        }
        row.put("shorter", longest[1] / longest[0]);
        return row;
    }

    /** Each gap of four running requests, and when it ended, in seconds since the long prompt came. */
    private Map<String, List<Double>> gaps(int chunk, int length) {
        var policy = SchedulerPolicy.standard().withStepTokens(4096).withChunkTokens(chunk);
        int most = Math.min(400, model.config().maxPositionEmbeddings() - 32);
        double[] last = new double[4];
        double[] begin = {0};
        List<Double> ends = new ArrayList<>();
        List<Double> gaps = new ArrayList<>();
        try (Engine engine = Engine.manual(model, options(length + 16 * 512).with(policy))) {
            for (int i = 0; i < last.length; i++) {
                int request = i;
                engine.submit(EngineRequest.tokens(prompt(i, 32))
                        .maxTokens(most)
                        .ignoreEnd()
                        .onToken(token -> {
                            double now = System.nanoTime() / 1e9;
                            ends.add(now - begin[0]);
                            gaps.add(now - last[request]);
                            last[request] = now;
                        }));
            }
            for (int i = 0; i < 4; i++) {
                engine.step();
            }
            ends.clear();
            gaps.clear();
            begin[0] = System.nanoTime() / 1e9;
            RequestHandle late =
                    engine.submit(EngineRequest.tokens(prompt(9, length)).maxTokens(2));
            while (!late.isDone()) {
                engine.step();
            }
        }
        return Map.of("end_s", ends, "gap_s", gaps);
    }

    /** Time to the first token of a request whose first 1,024 tokens are known, against one whose are not. */
    public Map<String, Object> prefix() {
        int system = Math.min(1024, model.config().maxPositionEmbeddings() - 64);
        List<Double> first = new ArrayList<>();
        List<Double> second = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
            note.accept("a system prompt of " + system + " tokens, twice");
            try (Engine engine = new Engine(model, options(4096).withPrefixCache(true))) {
                first.add(firstToken(engine, system, 16 + round % 17));
                second.add(firstToken(engine, system, 32 - round % 17));
            }
        }
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("system_tokens", system);
        row.put("first_ms", SchedulerBench.median(first));
        row.put("second_ms", SchedulerBench.median(second));
        row.put("share", SchedulerBench.median(second) / SchedulerBench.median(first));
        row.put("samples", Map.of("first", first, "second", second));
        return row;
    }

    private double firstToken(Engine engine, int known, int user) {
        int[] prompt = Arrays.copyOf(Row.prompt(model.tokenizer(), known), known + user);
        System.arraycopy(prompt(user, user), 0, prompt, known, user);
        return engine.submit(EngineRequest.tokens(prompt).maxTokens(2)).result().ttftMs();
    }

    /** What scheduling, sampling and streaming take of a step with 64 rows, half of them greedy. */
    public Map<String, Object> overhead() {
        int rows = 64;
        note.accept("64 running requests, half of them sampled");
        for (int warm = 0; warm < 4; warm++) { // a server's own code is compiled, and that takes some thousand rows
            crowd(rows);
        }
        List<StepReport> reports = crowd(rows);
        List<Double> shares = new ArrayList<>();
        Map<String, List<Double>> phases = new LinkedHashMap<>();
        for (StepReport report : reports) {
            if (report.decodeRows() == rows) {
                StepReport.Phases p = report.phases();
                shares.add((p.plan() + p.sample() + p.stream()) / p.seconds());
                phases.computeIfAbsent("plan_ms", k -> new ArrayList<>()).add(p.plan() * 1e3);
                phases.computeIfAbsent("model_ms", k -> new ArrayList<>()).add(p.model() * 1e3);
                phases.computeIfAbsent("sample_ms", k -> new ArrayList<>()).add(p.sample() * 1e3);
                phases.computeIfAbsent("stream_ms", k -> new ArrayList<>()).add(p.stream() * 1e3);
            }
        }
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("rows", rows);
        row.put("share", SchedulerBench.median(shares));
        phases.forEach((name, all) -> row.put(name, SchedulerBench.median(all)));
        row.put("samples", shares);
        row.put("phase_samples", phases);
        return row;
    }

    /** The steps of that many requests of 32 tokens that write 40, every other one sampled. */
    private List<StepReport> crowd(int rows) {
        List<StepReport> reports = new ArrayList<>();
        var options = options(rows * 96)
                .with(SchedulerPolicy.standard().withMaxRunning(rows))
                .with((StepListener) reports::add);
        try (Engine engine = Engine.manual(model, options)) {
            for (int i = 0; i < rows; i++) {
                engine.submit(EngineRequest.tokens(prompt(i, 32))
                        .maxTokens(40)
                        .ignoreEnd()
                        .sampling(i % 2 == 0 ? SamplingParams.GREEDY : new SamplingParams(0.8, 0, 0.95, 0, 1, i)));
            }
            engine.steps();
        }
        return reports;
    }

    private static double seconds(long start) {
        return (System.nanoTime() - start) / 1e9;
    }
}
