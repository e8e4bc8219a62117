package tinyllm.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import tinyllm.engine.Engine;
import tinyllm.engine.EngineHealth;
import tinyllm.engine.EngineOptions;
import tinyllm.engine.RefusedException;
import tinyllm.model.CausalLm;
import tinyllm.server.http.Exchange;
import tinyllm.server.http.Handler;
import tinyllm.server.http.HttpServer;
import tinyllm.server.http.HttpSettings;
import tinyllm.server.http.Routes;

/**
 * A model's engine, answering over HTTP: the protocol's routes, and beside them the page at {@code /} and what watches a server:
 * {@code /health}, {@code /ready}, {@code /metrics} and {@code /live}.
 *
 * <pre>{@code
 * try (ApiServer server = ApiServer.start(model, EngineOptions.standard(), HttpSettings.loopback(8080), protocol)) {
 *     print("http://localhost:" + server.port());
 * }
 * }</pre>
 */
public final class ApiServer implements AutoCloseable {

    private static final String JSON = "application/json";

    private final Engine engine;
    private final LiveView live;
    private final Routes routes;
    private final HttpServer http;
    private final EngineWatch watch;
    private volatile boolean draining;
    private boolean closed;

    private ApiServer(CausalLm model, EngineOptions options, HttpSettings settings, Protocol protocol)
            throws IOException {
        this.live = new LiveView();
        this.engine = new Engine(model, options.with(live));
        ServerMetrics metrics = new ServerMetrics(engine);
        try {
            this.routes = routes(protocol, metrics);
            this.http = HttpServer.start(settings.observer(metrics), routes);
        } catch (IOException | RuntimeException e) {
            engine.close();
            throw e;
        }
        this.watch = new EngineWatch(engine::health).start();
    }

    /**
     * Makes an engine and listens. The engine is the server's: closing the server closes it, and leaves the model.
     *
     * @throws IOException when the port is taken
     */
    public static ApiServer start(CausalLm model, EngineOptions options, HttpSettings settings, Protocol protocol)
            throws IOException {
        return new ApiServer(model, options, settings, protocol);
    }

    private Routes routes(Protocol protocol, ServerMetrics metrics) {
        Routes all = Routes.none()
                .open("/health", this::health)
                .get("/ready", this::ready)
                .get(
                        "/metrics",
                        e -> e.answer(
                                200, ServerMetrics.CONTENT_TYPE, metrics.text().getBytes(UTF_8)))
                .get("/live", e -> live.handle(e, engine, () -> draining))
                .get("/", Page.file("index.html"))
                .get("/page.js", Page.file("page.js"))
                .get("/page.css", Page.file("page.css"));
        for (Routes.Route route : protocol.routes(engine).all()) {
            all = all.with(route.handledBy(route.method().equals("POST") ? gate(route.handler()) : route.handler()));
        }
        return all;
    }

    /** Lets a request through only where an engine can take it. */
    private Handler gate(Handler handler) {
        return e -> {
            if (draining) {
                throw Refusals.draining();
            }
            if (!engine.health().serves()) {
                throw Refusals.unavailable("the engine does not serve now: try again later");
            }
            try {
                handler.handle(e);
            } catch (RefusedException refused) {
                throw Refusals.of(refused);
            }
        };
    }

    /** Whether the process should live: an engine that begins anew, or hangs, is not healthy. */
    private void health(Exchange e) {
        if (!engine.health().serves() && !draining) {
            throw Refusals.unavailable(
                    "the engine is " + engine.health().state().name().toLowerCase(Locale.ROOT) + ": try again later");
        }
        e.answer(200, JSON, (draining ? "{\"status\":\"draining\"}" : "{\"status\":\"ok\"}").getBytes(UTF_8));
    }

    /** Whether it takes requests. */
    private void ready(Exchange e) {
        if (draining || !engine.health().serves()) {
            throw Refusals.unavailable(draining ? "the server is shutting down" : "the engine does not serve now");
        }
        e.answer(200, JSON, "{\"status\":\"ready\"}".getBytes(UTF_8));
    }

    public int port() {
        return http.port();
    }

    public Engine engine() {
        return engine;
    }

    /** All that it answers. */
    Routes routes() {
        return routes;
    }

    /**
     * Calls somebody once when the engine has not served for so long, because a step does not return or no restart succeeds. Nothing in
     * this process can help it then.
     */
    public void whenStuck(Duration grace, Consumer<EngineHealth> told) {
        watch.whenStuck(grace, told);
    }

    /** Requests whose answer is not finished, those of the page's own view among them. */
    public int answering() {
        return http.answering();
    }

    /** Closes now. */
    @Override
    public void close() {
        close(Duration.ZERO);
    }

    /**
     * Takes no more requests (503), waits so long for those that are there, cancels what is left, and closes. Closing again waits until
     * that has happened.
     */
    public synchronized void close(Duration drain) {
        if (closed) {
            return;
        }
        closed = true;
        watch.close();
        draining = true;
        long until = System.nanoTime() + drain.toNanos();
        try {
            while (http.answering() > 0 && System.nanoTime() - until < 0) {
                TimeUnit.MILLISECONDS.sleep(20);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        try {
            engine.close();
        } finally {
            http.close(Duration.ofSeconds(1)); // whoever was cancelled still hears so
        }
    }
}
