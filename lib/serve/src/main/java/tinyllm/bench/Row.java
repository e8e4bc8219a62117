package tinyllm.bench;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tinyllm.course.Mine;
import tinyllm.engine.Completion;
import tinyllm.engine.Generator;
import tinyllm.kernel.Bandwidth;
import tinyllm.kernel.KernelSet;
import tinyllm.model.CausalLm;
import tinyllm.model.LoadListener;
import tinyllm.model.Models;
import tinyllm.sampling.SamplingParams;
import tinyllm.tensor.NativeTrace;
import tinyllm.text.Tokenizer;
import tools.jackson.databind.json.JsonMapper;

/** One run of our library in a process of its own: loads the model, warms up, measures once, prints JSON. */
public final class Row {

    private static final String TEXT = """
        The lighthouse keeper had counted ships for thirty years, and he trusted his notebook more than his eyes. \
        On the last evening of October a small boat came in without lights, against the wind, and nobody stood at \
        the rudder. He wrote down the hour, closed the book, and went to look for his coat.\
        """;

    private static final long BANDWIDTH_BYTES = 1L << 30;

    private Row() {}

    static List<String> arguments(Plan plan, boolean mine) {
        return List.of(
                plan.kind().name(),
                plan.model(),
                Integer.toString(plan.promptTokens()),
                Integer.toString(plan.newTokens()),
                Integer.toString(plan.threads()),
                plan.kernels().name(),
                Boolean.toString(mine));
    }

    public static void main(String[] args) {
        Plan plan = new Plan(
                Plan.Kind.valueOf(args[0]),
                args[1],
                Integer.parseInt(args[2]),
                Integer.parseInt(args[3]),
                Integer.parseInt(args[4]),
                KernelSet.valueOf(args[5]));
        System.out.println(new JsonMapper().writeValueAsString(measure(plan, Boolean.parseBoolean(args[6]))));
    }

    static Map<String, Object> measure(Plan plan, boolean mine) {
        Map<String, Object> row = new LinkedHashMap<>();
        CausalLm model = load(plan, row);
        Generator library = new Generator(model);
        Generator generator = mine ? library.with(Mine.load()) : library;
        int[] prompt = prompt(model.tokenizer(), plan.promptTokens());
        generator.complete(prompt, SamplingParams.GREEDY, 2, piece -> {});
        double before = plan.kind() == Plan.Kind.DECODE ? Bandwidth.read(BANDWIDTH_BYTES) : 0;
        Completion done = generator.complete(prompt, SamplingParams.GREEDY, plan.newTokens(), piece -> {});
        if (plan.kind() == Plan.Kind.DECODE && done.tokens().size() < 2) {
            throw new IllegalStateException("the model ended its text after "
                    + done.tokens().size() + " tokens, too few to time: choose another --prompt-tokens");
        }
        row.put(
                "tokens_per_s",
                plan.kind() == Plan.Kind.PREFILL ? done.prefillTokensPerSecond() : done.decodeTokensPerSecond());
        if (plan.kind() == Plan.Kind.DECODE && model.kernels() == KernelSet.OWN) {
            bandwidth(plan, model, done, before, row);
            row.put("trace", trace(generator, prompt, plan.newTokens()));
        }
        row.put("kernels", model.kernels().word());
        row.put("variants", model.variants());
        row.put("ttft_ms", done.ttftMs());
        row.put("new_tokens", done.tokens().size());
        return row;
    }

    /** The share of the machine's read bandwidth that decoding reached: the bytes that a token needs, over the time it took. */
    private static void bandwidth(Plan plan, CausalLm model, Completion done, double before, Map<String, Object> row) {
        double measured = (before + Bandwidth.read(BANDWIDTH_BYTES)) / 2;
        long weights = Models.bytesPerToken(plan.model());
        long cache = model.config().kvBytesPerToken(2) * (plan.promptTokens() + plan.newTokens() / 2);
        row.put("read_bytes_per_s", measured);
        row.put("file_bytes_per_token", weights);
        row.put("cache_bytes_per_token", cache);
        row.put("share_of_bandwidth", (weights + cache) * done.decodeTokensPerSecond() / measured);
    }

    /** The same once more, with the time inside native code measured from the first piece of text on: what is left is Java's. */
    private static Map<String, Object> trace(Generator generator, int[] prompt, int newTokens) {
        try (NativeTrace trace = NativeTrace.begin()) {
            boolean[] begun = {false};
            Completion done = generator.complete(prompt, SamplingParams.GREEDY, newTokens, piece -> {
                if (!begun[0]) {
                    begun[0] = true;
                    trace.restart();
                }
            });
            NativeTrace.Times times = trace.times();
            int steps = done.tokens().size() - 1;
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("tokens_per_s", done.decodeTokensPerSecond());
            json.put("eval_ms_per_token", times.evaluating() / 1e6 / steps);
            json.put("native_calls_ms_per_token", times.calling() / 1e6 / steps);
            json.put("java_ms_per_token", (times.wall() - times.evaluating() - times.calling()) / 1e6 / steps);
            json.put("native_calls_per_token", (double) times.calls() / steps);
            json.put("java_share", times.javaShare());
            return json;
        }
    }

    private static CausalLm load(Plan plan, Map<String, Object> row) {
        try (PeakMemory memory = PeakMemory.watching()) {
            long start = System.nanoTime();
            CausalLm model = Models.load(plan.model(), plan.kernels(), LoadListener.NONE);
            row.put("load_s", (System.nanoTime() - start) / 1e9);
            row.put("weight_bytes", model.weightBytes());
            row.put("load_peak_anonymous_bytes", memory.peak() - memory.before());
            return model;
        }
    }

    /** Real text, begun again where it is too short, so that the model has something to go on with. */
    public static int[] prompt(Tokenizer tokenizer, int length) {
        int[] text = tokenizer.encode(TEXT);
        int[] prompt = new int[length];
        Arrays.setAll(prompt, i -> text[i % text.length]);
        return prompt;
    }
}
