package tinyllm.server;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import tinyllm.engine.Engine;
import tinyllm.engine.EngineMetrics;
import tinyllm.engine.FinishReason;
import tinyllm.engine.StepReport;
import tinyllm.server.http.HttpObserver;

/**
 * What Prometheus reads. Every request that reached the engine is in one of five: {@code submitted = finished + cancelled + refused +
 * failed} once none is waiting or running.
 */
final class ServerMetrics implements HttpObserver {

    static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private static final Duration[] BUCKETS = {
        Duration.ofMillis(5),
        Duration.ofMillis(25),
        Duration.ofMillis(100),
        Duration.ofMillis(500),
        Duration.ofSeconds(2),
        Duration.ofSeconds(10),
        Duration.ofSeconds(60)
    };

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final AtomicInteger connections = new AtomicInteger();
    private final Engine engine;
    private volatile EngineMetrics now;

    ServerMetrics(Engine engine) {
        this.engine = engine;
        this.now = engine.metrics();
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new UptimeMetrics().bindTo(registry);
        requests();
        tokens();
        state();
        times("tinyllm.first.token", "Seconds from a request to its first token", EngineMetrics::firstToken);
        times("tinyllm.inter.token", "Seconds between two tokens of one request", EngineMetrics::interToken);
    }

    private void requests() {
        count("requests.submitted", "Requests that the engine was asked for", m -> m.submitted() + m.refused());
        count("requests.refused", "Requests that did not fit, or found the queue full", EngineMetrics::refused);
        count(
                "requests.finished",
                "Requests that ended by themselves, or by a limit of theirs",
                m -> ended(m, FinishReason.STOP) + ended(m, FinishReason.LENGTH));
        count(
                "requests.cancelled",
                "Requests whose client left, or that were shut down",
                m -> ended(m, FinishReason.CANCELLED));
        count("requests.failed", "Requests that failed", m -> ended(m, FinishReason.ERROR));
    }

    private static double ended(EngineMetrics metrics, FinishReason reason) {
        return metrics.ended().getOrDefault(reason, 0L);
    }

    private void tokens() {
        count("prompt.tokens", "Tokens of admitted prompts", EngineMetrics::promptTokens);
        count("prefix.tokens", "Tokens of prompts that the prefix cache knew", EngineMetrics::prefixTokens);
        count("computed.tokens", "Tokens that passed through the model", EngineMetrics::computedTokens);
        count("generated.tokens", "Tokens that were chosen", EngineMetrics::generatedTokens);
        count("steps", "Calls of the model", EngineMetrics::steps);
        count("preemptions", "Requests that were taken out of the batch to make room", EngineMetrics::preemptions);
    }

    private void state() {
        gauge("requests.waiting", "Requests in the queue", EngineMetrics::waiting);
        gauge("requests.running", "Requests in the batch", EngineMetrics::running);
        gauge("tokens.per.second", "Chosen tokens over the last seconds of work", EngineMetrics::tokensPerSecond);
        pages("used", StepReport.Pages::used);
        pages("idle", StepReport.Pages::idle);
        pages("free", StepReport.Pages::free);
        Gauge.builder("tinyllm.engine.restarts", engine, e -> e.health().restarts())
                .description("How often the engine began anew")
                .register(registry);
        Gauge.builder("tinyllm.engine.serves", engine, e -> e.health().serves() ? 1 : 0)
                .description("Whether the engine takes requests")
                .register(registry);
        Gauge.builder("tinyllm.http.connections", connections, AtomicInteger::get)
                .description("Connections that are open")
                .register(registry);
    }

    private void count(String name, String what, ToDoubleFunction<EngineMetrics> value) {
        FunctionCounter.builder("tinyllm." + name, this, m -> value.applyAsDouble(m.now))
                .description(what)
                .register(registry);
    }

    private void gauge(String name, String what, ToDoubleFunction<EngineMetrics> value) {
        Gauge.builder("tinyllm." + name, this, m -> value.applyAsDouble(m.now))
                .description(what)
                .register(registry);
    }

    private void pages(String state, ToDoubleFunction<StepReport.Pages> value) {
        Gauge.builder("tinyllm.pages", engine, e -> value.applyAsDouble(e.pages()))
                .description("Pages of the cache by who holds them")
                .tag("state", state)
                .register(registry);
    }

    private void times(String name, String what, Function<EngineMetrics, EngineMetrics.Quantiles> of) {
        quantile(name, what, "0.5", m -> of.apply(m).p50());
        quantile(name, what, "0.95", m -> of.apply(m).p95());
        quantile(name, what, "0.99", m -> of.apply(m).p99());
    }

    private void quantile(String name, String what, String quantile, ToDoubleFunction<EngineMetrics> value) {
        Gauge.builder(name, this, m -> value.applyAsDouble(m.now))
                .description(what)
                .baseUnit("seconds")
                .tag("quantile", quantile)
                .register(registry);
    }

    /** The exposition; all of it from one moment of the engine. */
    synchronized String text() {
        now = engine.metrics();
        return registry.scrape();
    }

    @Override
    public void connections(int change) {
        connections.addAndGet(change);
    }

    @Override
    public void answered(String route, int status, double seconds) {
        Timer.builder("tinyllm.http.answers")
                .description("Answers by route and status, and how long they took")
                .tag("route", route)
                .tag("status", Integer.toString(status))
                .serviceLevelObjectives(BUCKETS)
                .register(registry)
                .record((long) (seconds * 1e9), TimeUnit.NANOSECONDS);
    }
}
