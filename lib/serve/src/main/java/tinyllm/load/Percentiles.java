package tinyllm.load;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tinyllm.engine.EngineMetrics.Quantiles;

/** Of raw samples, by nearest rank: each is a value that was measured. In the samples' unit; NaN where there is none. */
public record Percentiles(int count, double mean, double p50, double p90, double p95, double p99, double max) {

    /** Values that are NaN are left out. */
    public static Percentiles of(double... samples) {
        double[] sorted = Arrays.stream(samples)
                .filter(value -> !Double.isNaN(value))
                .sorted()
                .toArray();
        return new Percentiles(
                sorted.length,
                Arrays.stream(sorted).average().orElse(Double.NaN),
                Quantiles.nearestRank(sorted, 0.50),
                Quantiles.nearestRank(sorted, 0.90),
                Quantiles.nearestRank(sorted, 0.95),
                Quantiles.nearestRank(sorted, 0.99),
                Quantiles.nearestRank(sorted, 1));
    }

    /** The fields as JSON has them; null for NaN. */
    public Map<String, @Nullable Object> json() {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("count", count);
        json.put("mean", number(mean));
        json.put("p50", number(p50));
        json.put("p90", number(p90));
        json.put("p95", number(p95));
        json.put("p99", number(p99));
        json.put("max", number(max));
        return json;
    }

    private static @Nullable Double number(double value) {
        return Double.isNaN(value) ? null : value;
    }
}
