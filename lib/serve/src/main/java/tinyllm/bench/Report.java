package tinyllm.bench;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Raw samples of each engine, and their medians.
 *
 * @param samples engine to its runs in order; ours is the first
 */
public record Report(Plan plan, Machine machine, Map<String, List<Map<String, Object>>> samples) {

    /** Tokens per second, the median over the runs. */
    public double median(String engine) {
        return median(engine, "tokens_per_s");
    }

    /** The median of one number of the runs; NaN when a run does not have it. */
    public double median(String engine, String field) {
        double[] sorted = samples.getOrDefault(engine, List.of()).stream()
                .mapToDouble(row -> row.get(field) instanceof Number n ? n.doubleValue() : Double.NaN)
                .sorted()
                .toArray();
        int n = sorted.length;
        return n == 0 ? Double.NaN : (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
    }

    /** The first engine's median over another's. */
    public double ratio(String engine) {
        return median(samples.keySet().iterator().next()) / median(engine);
    }

    /** The report as JSON has it. */
    public Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("what", plan.kind().word());
        json.put("model", plan.model());
        json.put("prompt_tokens", plan.promptTokens());
        json.put("new_tokens", plan.newTokens());
        json.put("threads", plan.threads());
        json.put("machine", machine.json());
        json.put("engines", samples.entrySet().stream().map(this::engine).toList());
        return json;
    }

    private Map<String, Object> engine(Map.Entry<String, List<Map<String, Object>>> entry) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("name", entry.getKey());
        json.put("median_tokens_per_s", median(entry.getKey()));
        json.put("ours_over_this", ratio(entry.getKey()));
        json.put("samples", entry.getValue());
        return json;
    }
}
