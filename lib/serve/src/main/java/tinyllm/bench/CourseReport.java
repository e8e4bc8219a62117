package tinyllm.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tinyllm.model.Models;
import tinyllm.weights.AffineQuantization;

/**
 * The ladder: every step's medians, against week 1's loop, the peers, and the ceiling that the machine's memory sets.
 *
 * @param report of the steps, then of the peers
 */
public record CourseReport(Report report, List<Stage> stages) {

    private static final AffineQuantization FOUR_BITS = new AffineQuantization(4, 64);

    public double tokensPerSecond(Stage stage) {
        return report.median(stage.name());
    }

    /** Requests that a step answers in a second. */
    public double requestsPerSecond(Stage stage) {
        return report.median(stage.name(), "requests_per_s");
    }

    /** Tokens that a step writes in a second for all requests together. */
    public double allTokensPerSecond(Stage stage) {
        return report.median(stage.name(), "all_tokens_per_s");
    }

    /** The step's requests per second over week 1's. */
    public double requestsOverWeek1(Stage stage) {
        return requestsPerSecond(stage) / requestsPerSecond(stages.getFirst());
    }

    /** The step's tokens per second over week 1's. */
    public double overWeek1(Stage stage) {
        return tokensPerSecond(stage) / tokensPerSecond(stages.getFirst());
    }

    /** Names of the peers, in their order. */
    public List<String> peers() {
        List<String> names = new ArrayList<>(report.samples().keySet());
        names.removeAll(stages.stream().map(Stage::name).toList());
        return names;
    }

    /** Tokens per second if a token cost its bytes of weights, read at the machine's speed, and nothing else. */
    public double ceiling() {
        return readBytesPerSecond() / Models.bytesPerToken(report.plan().model());
    }

    private double readBytesPerSecond() {
        return stages.stream()
                .mapToDouble(stage -> report.median(stage.name(), "read_bytes_per_s"))
                .max()
                .orElse(Double.NaN);
    }

    /**
     * How the time to write n tokens grows with n: 2 when each token reads the text again, 1 when it does not.
     *
     * @return 1 plus the slope of ln(time of a token) over ln(length); NaN where it was not measured
     */
    public double growth(Stage stage) {
        List<double[]> points = points(stage);
        double n = points.size();
        double x = points.stream().mapToDouble(p -> p[0]).sum() / n;
        double y = points.stream().mapToDouble(p -> p[1]).sum() / n;
        double xy = points.stream().mapToDouble(p -> (p[0] - x) * (p[1] - y)).sum();
        double xx = points.stream().mapToDouble(p -> (p[0] - x) * (p[0] - x)).sum();
        return 1 + xy / xx;
    }

    private List<double[]> points(Stage stage) {
        List<double[]> points = new ArrayList<>();
        for (Map<String, Object> row : report.samples().getOrDefault(stage.name(), List.of())) {
            if (row.get("token_ms") instanceof List<?> times) {
                for (Object time : times) {
                    if (time instanceof Map<?, ?> t
                            && t.get("length") instanceof Number length
                            && t.get("ms") instanceof Number ms) {
                        points.add(new double[] {Math.log(length.doubleValue()), Math.log(ms.doubleValue())});
                    }
                }
            }
        }
        return points;
    }

    /** The report as JSON has it. */
    public Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>(report.json());
        json.put("what", "course");
        json.remove("engines");
        json.put("stages", stages.stream().map(this::stage).toList());
        json.put(
                "peers",
                peers().stream()
                        .map(name -> Map.of(
                                "name",
                                name,
                                "median_tokens_per_s",
                                report.median(name),
                                "samples",
                                report.samples().getOrDefault(name, List.of())))
                        .toList());
        json.put(
                "ceiling",
                Map.of(
                        "read_bytes_per_s",
                        readBytesPerSecond(),
                        "file_bytes_per_token",
                        Models.bytesPerToken(report.plan().model()),
                        "tokens_per_s",
                        ceiling()));
        json.put("claims", claims());
        return json;
    }

    private Map<String, Object> stage(Stage stage) {
        String name = stage.name();
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("name", name);
        json.put("features", stage.features().stream().map(Feature::word).toList());
        json.put("median_tokens_per_s", tokensPerSecond(stage));
        json.put("over_week1", overWeek1(stage));
        json.put("median_requests_per_s", requestsPerSecond(stage));
        json.put("requests_over_week1", requestsOverWeek1(stage));
        json.put("median_all_tokens_per_s", allTokensPerSecond(stage));
        if (stage.has(Feature.BATCHING)) {
            json.put("longest_gap_ms", report.median(name, "longest_gap_ms"));
            json.put("cache_tokens_held", report.median(name, "cache_tokens_held"));
        }
        json.put("median_prefill_tokens_per_s", report.median(name, "prefill_tokens_per_s"));
        json.put("weight_bytes", report.median(name, "weight_bytes"));
        json.put("cache_bytes_per_token", report.median(name, "cache_bytes_per_token"));
        json.put("growth_exponent", growth(stage));
        json.put("samples", report.samples().getOrDefault(name, List.of()));
        return json;
    }

    /** What the course's plan promises, beside what was measured; null where the step that it is about is not built yet. */
    private List<Map<String, @Nullable Object>> claims() {
        String model = report.plan().model();
        double real = report.median(stages.getFirst().name(), "weight_bytes") / 2; // float32 to bfloat16
        double saved = 1 - Models.fileBytes(model, FOUR_BITS) / real;
        List<Map<String, @Nullable Object>> claims = new ArrayList<>();
        claims.add(claim("weight memory saved at 4 bits, groups of 64, against bfloat16", "75 %", saved));
        claims.add(claim("growth of the time for n tokens, week 1", "2", growth(stages.getFirst())));
        claims.add(claim("growth of the time for n tokens, with a cache", "1", growth(stages.get(1))));
        claims.add(claim("requests with batching against week 1", "10–20 ×", batching()));
        return claims;
    }

    private @Nullable Double batching() {
        return stages.stream()
                .filter(stage -> stage.has(Feature.PAGED))
                .map(this::requestsOverWeek1)
                .findFirst()
                .orElse(null);
    }

    private static Map<String, @Nullable Object> claim(String what, String claimed, @Nullable Double measured) {
        Map<String, @Nullable Object> claim = new LinkedHashMap<>();
        claim.put("what", what);
        claim.put("claimed", claimed);
        claim.put("measured", measured);
        return claim;
    }
}
