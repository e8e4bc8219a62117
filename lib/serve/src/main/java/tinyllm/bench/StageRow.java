package tinyllm.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import tinyllm.cache.KvCache;
import tinyllm.engine.Completion;
import tinyllm.engine.Generator;
import tinyllm.kernel.Bandwidth;
import tinyllm.kernel.KernelThreads;
import tinyllm.model.CausalLm;
import tinyllm.sampling.SamplingParams;
import tinyllm.tensor.Scope;
import tools.jackson.databind.json.JsonMapper;

/** One run of one step of the ladder in a process of its own: one prompt, a set of requests, the time of a token at several lengths. */
public final class StageRow {

    private static final long BANDWIDTH_BYTES = 1L << 30;
    private static final int[] LENGTHS = {32, 64, 128, 256};
    private static final int REPEATS = 3;

    private final CausalLm model;
    private final Stage stage;
    private final Generator generator;
    private final StageEngine engine;
    private final int[] text;

    private StageRow(CausalLm model, Stage stage, int requests) {
        this.model = model;
        this.stage = stage;
        this.generator = stage.generator(model);
        this.engine = new StageEngine(model, stage, requests);
        this.text = Row.prompt(model.tokenizer(), 2 * LENGTHS[LENGTHS.length - 1]);
    }

    static List<String> arguments(Stage stage, Plan plan, int requests) {
        return List.of(
                stage.name(),
                plan.model(),
                Integer.toString(plan.promptTokens()),
                Integer.toString(plan.newTokens()),
                Integer.toString(requests));
    }

    public static void main(String[] args) {
        int[] numbers = Arrays.stream(args, 2, 5).mapToInt(Integer::parseInt).toArray();
        System.out.println(new JsonMapper()
                .writeValueAsString(measure(Stage.named(args[0]), args[1], numbers[0], numbers[1], numbers[2])));
    }

    static Map<String, Object> measure(Stage stage, String name, int promptTokens, int newTokens, int requests) {
        Map<String, Object> row = new LinkedHashMap<>();
        StageRow run;
        try (PeakMemory memory = PeakMemory.watching()) {
            run = new StageRow(stage.load(name), stage, requests);
            run.complete(run.prompt(0, promptTokens), 2);
            run.alone(promptTokens, newTokens, row);
            run.requests(requests, promptTokens, newTokens, row);
            row.put("peak_anonymous_bytes", memory.peak() - memory.before());
        }
        row.put("token_ms", run.tokenTimes());
        row.put("weight_bytes", run.model.weightBytes());
        row.put("cache_bytes_per_token", run.cacheBytes());
        row.put("read_bytes_per_s", Bandwidth.read(BANDWIDTH_BYTES));
        row.put("threads", KernelThreads.count());
        row.put("variants", run.model.variants());
        return row;
    }

    /** All requests begin with the same half, as if a system prompt stood there; each goes on at another place of the text. */
    private int[] prompt(int request, int length) {
        int[] prompt = new int[length];
        Arrays.setAll(prompt, i -> text[(i < length / 2 ? i : i + 5 * request) % text.length]);
        return prompt;
    }

    private Completion complete(int[] prompt, int newTokens) {
        return stage.has(Feature.BATCHING)
                ? engine.complete(prompt, newTokens)
                : generator.complete(prompt, SamplingParams.GREEDY, newTokens, piece -> {});
    }

    private void alone(int promptTokens, int newTokens, Map<String, Object> row) {
        Completion done = complete(prompt(0, promptTokens), newTokens);
        if (done.tokens().size() < 2) {
            throw new IllegalStateException("the model ended its text after "
                    + done.tokens().size() + " tokens, too few to time: choose another --prompt-tokens");
        }
        row.put("tokens_per_s", done.decodeTokensPerSecond());
        row.put("prefill_tokens_per_s", done.prefillTokensPerSecond());
        row.put("ttft_ms", done.ttftMs());
    }

    private void requests(int requests, int promptTokens, int newTokens, Map<String, Object> row) {
        List<int[]> prompts = IntStream.range(0, requests)
                .mapToObj(r -> prompt(r, promptTokens))
                .toList();
        row.put("requests", requests);
        if (stage.has(Feature.BATCHING)) {
            row.putAll(engine.all(prompts, newTokens));
            return;
        }
        long start = System.nanoTime();
        int tokens = 0;
        for (int[] prompt : prompts) {
            tokens += complete(prompt, newTokens).tokens().size();
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        row.put("requests_per_s", requests / seconds);
        row.put("all_tokens_per_s", tokens / seconds);
    }

    private double cacheBytes() {
        if (!stage.has(Feature.KV_CACHE)) {
            return 0;
        }
        return model.config().kvBytesPerToken(stage.has(Feature.QUANTIZED) ? 2 : 4);
    }

    /** Milliseconds of one more token after a text of each length. */
    private List<Map<String, Object>> tokenTimes() {
        List<Map<String, Object>> times = new ArrayList<>();
        for (int length : LENGTHS) {
            if (length + REPEATS < model.config().maxPositionEmbeddings()) {
                times.add(Map.of("length", length, "ms", stage.has(Feature.KV_CACHE) ? next(length) : again(length)));
            }
        }
        return times;
    }

    private double again(int length) {
        double[] ms = new double[REPEATS];
        for (int i = 0; i < REPEATS; i++) {
            long start = System.nanoTime();
            try (Scope scope = Scope.open()) {
                model.lastLogits(prompt(i, length)).eval();
            }
            ms[i] = (System.nanoTime() - start) / 1e6;
        }
        Arrays.sort(ms);
        return ms[REPEATS / 2];
    }

    private double next(int length) {
        double[] ms = new double[REPEATS];
        try (KvCache cache = model.newCache(length + REPEATS);
                Scope scope = Scope.open()) {
            model.lastLogits(prompt(0, length), cache).eval();
            for (int i = 0; i < REPEATS; i++) {
                long start = System.nanoTime();
                model.lastLogits(new int[] {text[i]}, cache).eval();
                ms[i] = (System.nanoTime() - start) / 1e6;
            }
        }
        Arrays.sort(ms);
        return ms[REPEATS / 2];
    }
}
