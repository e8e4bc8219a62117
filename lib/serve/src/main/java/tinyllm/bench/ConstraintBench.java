package tinyllm.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tinyllm.cache.PageBudget;
import tinyllm.engine.Engine;
import tinyllm.engine.EngineOptions;
import tinyllm.engine.EngineRequest;
import tinyllm.engine.SchedulerPolicy;
import tinyllm.engine.StepListener;
import tinyllm.engine.StepReport;
import tinyllm.model.CausalLm;
import tinyllm.sampling.JsonConstraint;
import tinyllm.sampling.SamplingParams;
import tinyllm.sampling.grammar.TokenTrie;
import tinyllm.sampling.json.JsonSchema;

/**
 * What it costs to hold answers to a JSON Schema: the schema made ready, and each step of a batch beside the same step of free answers.
 * Answers are cut after some tokens, so that nothing depends on when a model would end.
 */
public final class ConstraintBench {

    private static final int PROPERTIES = 100;
    private static final int PROMPT = 64;
    private static final int STEPS = 64;
    private static final int FAR =
            4096; // tokens that an answer may have, if the context holds them: it is not led to its end
    private static final int[] BATCHES = {1, 16};
    private static final int LEAST_COMPILES = 5;

    private final CausalLm model;
    private final int rounds;
    private final Consumer<String> note;
    private final TokenTrie trie;
    private final int most;

    /**
     * @param rounds runs of each measurement
     * @param note gets a line about what happens
     */
    public ConstraintBench(CausalLm model, int rounds, Consumer<String> note) {
        this.model = model;
        this.rounds = rounds;
        this.note = note;
        this.trie = TokenTrie.of(model.tokenizer());
        this.most = Math.min(FAR, model.config().maxPositionEmbeddings() - PROMPT);
    }

    /** Everything, as one map of numbers. */
    public Map<String, Object> run() {
        Map<String, Object> row = new LinkedHashMap<>();
        note.accept("the tree of the vocabulary");
        row.put("tree_ms", tree());
        note.accept("a schema with " + PROPERTIES + " properties");
        List<Double> compiles = compiles();
        row.put("properties", PROPERTIES);
        row.put("first_compile_ms", compiles.getFirst());
        row.put("compile_ms", SchedulerBench.median(compiles));
        List<Map<String, Object>> batches = new ArrayList<>();
        for (int batch : BATCHES) {
            batches.add(batch(batch));
        }
        row.put("steps", STEPS);
        row.put("batches", batches);
        row.put("samples", Map.of("compile_ms", compiles));
        return row;
    }

    private double tree() {
        List<Double> all = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
            long start = System.nanoTime();
            TokenTrie fresh = new TokenTrie(model.tokenizer());
            all.add(millis(start) + 0 * fresh.vocabulary());
        }
        return SchedulerBench.median(all);
    }

    /** A schema is another one each time, so that nothing of it is known; its first mask belongs to it. */
    private List<Double> compiles() {
        List<Double> all = new ArrayList<>();
        for (int round = 0; round < Math.max(LEAST_COMPILES, rounds); round++) {
            String schema = schema("round" + round + "_");
            long start = System.nanoTime();
            ready(schema).start().allowed(most);
            all.add(millis(start));
        }
        return all;
    }

    private JsonConstraint.Ready ready(String schema) {
        return new JsonConstraint.Ready(JsonSchema.compile(schema), trie, model.tokenizer());
    }

    /** Properties of all kinds, each third one optional. */
    static String schema(String prefix) {
        String[] kinds = {
            "{\"type\":\"string\"}",
            "{\"type\":\"integer\",\"minimum\":0,\"maximum\":5000}",
            "{\"type\":\"string\",\"maxLength\":60}",
            "{\"enum\":[\"low\",\"middle\",\"high\"]}",
            "{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"maxItems\":4}",
            "{\"type\":\"object\",\"properties\":{\"x\":{\"type\":\"number\"},\"y\":{\"type\":\"boolean\"}},\"required\":[\"x\",\"y\"]}",
            "{\"type\":\"string\",\"format\":\"date\"}",
            "{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}"
        };
        StringBuilder properties = new StringBuilder();
        StringBuilder required = new StringBuilder();
        for (int i = 0; i < PROPERTIES; i++) {
            String name = "\"" + prefix + "field_" + i + "\"";
            properties.append(i == 0 ? "" : ",").append(name).append(':').append(kinds[i % kinds.length]);
            if (i % 3 != 2) {
                required.append(required.isEmpty() ? "" : ",").append(name);
            }
        }
        return "{\"type\":\"object\",\"properties\":{" + properties + "},\"required\":[" + required
                + "],\"additionalProperties\":false}";
    }

    /** A schema that nobody has used yet, and the same again. */
    private Map<String, Object> batch(int requests) {
        List<Steps> first = new ArrayList<>();
        List<Steps> again = new ArrayList<>();
        steps(requests, ready(schema("warm" + requests + "_"))); // does not count
        for (int round = 0; round < rounds; round++) {
            note.accept(requests + " at once, round " + (round + 1) + ": free and held answers");
            JsonConstraint.Ready ready = ready(schema("batch" + requests + "_" + round + "_"));
            first.add(steps(requests, ready));
            again.add(steps(requests, ready));
        }
        List<Double> free = new ArrayList<>(all(first, Steps::free));
        free.addAll(all(again, Steps::free));
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("requests", requests);
        row.put("free_ms", SchedulerBench.median(free));
        row.put("first_ms", median(first, Steps::held));
        row.put("again_ms", median(again, Steps::held));
        row.put("first_over_free", median(first, Steps::ratio));
        row.put("again_over_free", median(again, Steps::ratio));
        Map<String, List<Double>> samples = new LinkedHashMap<>();
        samples.put("free_beside_first_ms", all(first, Steps::free));
        samples.put("first_ms", all(first, Steps::held));
        samples.put("free_beside_again_ms", all(again, Steps::free));
        samples.put("again_ms", all(again, Steps::held));
        row.put("samples", samples);
        return row;
    }

    /** Milliseconds of a step, the mean of many, since new masks come now and then. */
    private record Steps(double free, double held) {
        double ratio() {
            return held / free;
        }
    }

    private static List<Double> all(List<Steps> steps, Function<Steps, Double> what) {
        return steps.stream().map(what).toList();
    }

    private static double median(List<Steps> steps, Function<Steps, Double> what) {
        return SchedulerBench.median(all(steps, what));
    }

    /** Two engines take a step in turn, one whose answers are free and one whose are held: a machine's moods meet both alike. */
    private Steps steps(int requests, JsonConstraint.Ready ready) {
        List<StepReport> freely = new ArrayList<>();
        List<StepReport> bound = new ArrayList<>();
        try (Engine free = running(requests, null, freely);
                Engine held = running(requests, ready, bound)) {
            double freeSeconds = 0;
            double heldSeconds = 0;
            for (int i = 0; i < STEPS; i++) {
                if (i % 2 == 0) {
                    freeSeconds += step(free, freely, requests);
                    heldSeconds += step(held, bound, requests);
                } else {
                    heldSeconds += step(held, bound, requests);
                    freeSeconds += step(free, freely, requests);
                }
            }
            return new Steps(1e3 * freeSeconds / STEPS, 1e3 * heldSeconds / STEPS);
        }
    }

    /** An engine all of whose requests write. */
    private Engine running(int requests, JsonConstraint.@Nullable Ready held, List<StepReport> reports) {
        EngineOptions options = EngineOptions.standard()
                .with(SchedulerPolicy.standard().withMaxRunning(requests))
                .with(PageBudget.tokens(Math.max(most + PROMPT, requests * (PROMPT + 2 * STEPS))))
                .withPrefixCache(false)
                .withStepLimit(Duration.ofMinutes(5))
                .with((StepListener) reports::add);
        Engine engine = Engine.manual(model, options);
        for (int i = 0; i < requests; i++) {
            EngineRequest request = EngineRequest.tokens(Row.prompt(model.tokenizer(), PROMPT))
                    .maxTokens(most)
                    .sampling(new SamplingParams(i % 2 == 0 ? 0 : 0.8, 0, 1, 0, 1, i));
            engine.submit(held == null ? request.ignoreEnd() : request.constrained(held::start));
        }
        while (reports.isEmpty() || reports.getLast().decodeRows() < requests) {
            engine.step();
        }
        return engine;
    }

    /** Seconds of a step in which every request gets one token. */
    private static double step(Engine engine, List<StepReport> reports, int requests) {
        engine.step();
        StepReport last = reports.getLast();
        if (last.decodeRows() != requests) {
            throw new IllegalStateException("an answer ended after " + reports.size() + " steps");
        }
        return last.phases().seconds();
    }

    private static double millis(long start) {
        return (System.nanoTime() - start) / 1e6;
    }
}
