package tinyllm.load;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/**
 * A load that has ended.
 *
 * @param url of the server
 * @param model that was asked
 * @param samples one for each request, in the order of their arrival
 */
public record LoadReport(String url, String model, List<Sample> samples) {

    public LoadReport {
        samples = List.copyOf(samples);
        if (samples.isEmpty()) {
            throw new IllegalArgumentException("a load needs 1 request or more");
        }
    }

    /** Seconds from the first planned arrival to the end of the last answer. */
    public double seconds() {
        double begin = samples.stream().mapToDouble(Sample::planned).min().orElseThrow();
        return samples.stream().mapToDouble(Sample::end).max().orElseThrow() - begin;
    }

    /** Requests whose whole answer came. */
    public long answered() {
        return samples.stream().filter(Sample::ok).count();
    }

    /** Tokens that were written, those of answers that are not whole among them. */
    public long tokens() {
        return samples.stream().mapToLong(Sample::tokens).sum();
    }

    /** Events that brought text. */
    public long events() {
        return samples.stream().mapToLong(Sample::events).sum();
    }

    /** Tokens of prompts, as the server counts them; those of requests without a count are left out. */
    public long promptTokens() {
        return samples.stream().mapToLong(s -> Math.max(0, s.promptTokens())).sum();
    }

    /** Written tokens per second. */
    public double tokensPerSecond() {
        return tokens() / seconds();
    }

    /** Whole answers per second. */
    public double requestsPerSecond() {
        return answered() / seconds();
    }

    /** Whole answers per second that came within a service level. */
    public double goodput(ServiceLevel level) {
        return samples.stream().filter(level::holds).count() / seconds();
    }

    /** Requests by how they ended: "200", "429", "200, cut", "no answer". */
    public Map<String, Long> outcomes() {
        Map<String, Long> counts = new TreeMap<>();
        samples.forEach(sample -> counts.merge(sample.outcome(), 1L, Long::sum));
        return counts;
    }

    /** How often a request was sent again, because the server had closed a connection that it kept. */
    public long resent() {
        return samples.stream().mapToLong(Sample::resent).sum();
    }

    /** Seconds from the planned arrival to the first text, of whole answers. */
    public Percentiles firstToken() {
        return of(Sample::toFirstToken);
    }

    /** Seconds between two events of one whole answer. */
    public Percentiles gaps() {
        return Percentiles.of(samples.stream()
                .filter(Sample::ok)
                .flatMapToDouble(sample -> Arrays.stream(sample.gaps()))
                .toArray());
    }

    /** Mean seconds for a token after the first, of each whole answer. */
    public Percentiles perToken() {
        return of(Sample::perToken);
    }

    /** Seconds from the planned arrival to the end, of whole answers. */
    public Percentiles toEnd() {
        return of(Sample::toEnd);
    }

    /** Seconds that the load itself was late with sending: what is more than a few milliseconds says that this machine was too slow. */
    public Percentiles late() {
        return Percentiles.of(all().mapToDouble(s -> s.sent() - s.planned()).toArray());
    }

    private Stream<Sample> all() {
        return samples.stream();
    }

    private Percentiles of(ToDoubleFunction<Sample> value) {
        DoubleStream values = all().filter(Sample::ok).mapToDouble(value);
        return Percentiles.of(values.toArray());
    }

    /** The report as JSON has it, with its raw samples. */
    public Map<String, Object> json(ServiceLevel level) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("url", url);
        json.put("model", model);
        json.put("requests", samples.size());
        json.put("answered", answered());
        json.put("outcomes", outcomes());
        json.put("resent", resent());
        json.put("seconds", seconds());
        json.put("requests_per_s", requestsPerSecond());
        json.put("prompt_tokens", promptTokens());
        json.put("tokens", tokens());
        json.put("events", events());
        json.put("tokens_per_s", tokensPerSecond());
        json.put("service_level", Map.of("first_token_s", level.firstToken(), "per_token_s", level.perToken()));
        json.put("goodput_requests_per_s", goodput(level));
        json.put("first_token_s", firstToken().json());
        json.put("between_events_s", gaps().json());
        json.put("per_token_s", perToken().json());
        json.put("end_to_end_s", toEnd().json());
        json.put("late_s", late().json());
        json.put("samples", samples.stream().map(Sample::json).toList());
        return json;
    }
}
