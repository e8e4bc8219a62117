package tinyllm.bench;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tinyllm.course.Mine;
import tinyllm.engine.Completion;
import tinyllm.engine.Generator;
import tinyllm.model.CausalLm;
import tinyllm.model.Models;
import tinyllm.sampling.SamplingParams;
import tools.jackson.databind.json.JsonMapper;

/** One run of our library in a process of its own: loads the model, warms up, measures once, prints JSON. */
public final class Row {

    private static final String TEXT = """
            The lighthouse keeper had counted ships for thirty years, and he trusted his notebook more than his eyes. \
            On the last evening of October a small boat came in without lights, against the wind, and nobody stood at \
            the rudder. He wrote down the hour, closed the book, and went to look for his coat. """;

    private Row() {}

    static List<String> arguments(Plan plan, boolean mine) {
        return List.of(
                plan.kind().name(),
                plan.model(),
                Integer.toString(plan.promptTokens()),
                Integer.toString(plan.newTokens()),
                Integer.toString(plan.threads()),
                Boolean.toString(mine));
    }

    public static void main(String[] args) {
        Plan plan = new Plan(
                Plan.Kind.valueOf(args[0]),
                args[1],
                Integer.parseInt(args[2]),
                Integer.parseInt(args[3]),
                Integer.parseInt(args[4]));
        System.out.println(new JsonMapper().writeValueAsString(measure(plan, Boolean.parseBoolean(args[5]))));
    }

    static Map<String, Object> measure(Plan plan, boolean mine) {
        Map<String, Object> row = new LinkedHashMap<>();
        CausalLm model = load(plan.model(), row);
        Generator library = new Generator(model);
        Generator generator = mine ? library.with(Mine.load()) : library;
        int[] prompt = prompt(model, plan.promptTokens());
        generator.complete(prompt, SamplingParams.GREEDY, 2, piece -> {});
        Completion done = generator.complete(prompt, SamplingParams.GREEDY, plan.newTokens(), piece -> {});
        if (plan.kind() == Plan.Kind.DECODE && done.tokens().size() < 2) {
            throw new IllegalStateException("the model ended its text after "
                    + done.tokens().size() + " tokens, too few to time: choose another --prompt-tokens");
        }
        row.put(
                "tokens_per_s",
                plan.kind() == Plan.Kind.PREFILL ? done.prefillTokensPerSecond() : done.decodeTokensPerSecond());
        row.put("ttft_ms", done.ttftMs());
        row.put("new_tokens", done.tokens().size());
        return row;
    }

    private static CausalLm load(String name, Map<String, Object> row) {
        try (PeakMemory memory = PeakMemory.watching()) {
            long start = System.nanoTime();
            CausalLm model = Models.load(name);
            row.put("load_s", (System.nanoTime() - start) / 1e9);
            row.put("weight_bytes", model.weightBytes());
            row.put("load_peak_anonymous_bytes", memory.peak() - memory.before());
            return model;
        }
    }

    /** Real text, begun again where it is too short, so that the model has something to go on with. */
    private static int[] prompt(CausalLm model, int length) {
        int[] text = model.tokenizer().encode(TEXT);
        int[] prompt = new int[length];
        Arrays.setAll(prompt, i -> text[i % text.length]);
        return prompt;
    }
}
