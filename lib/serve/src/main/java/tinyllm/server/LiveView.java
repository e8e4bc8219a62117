package tinyllm.server;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import tinyllm.engine.Engine;
import tinyllm.engine.EngineMetrics;
import tinyllm.engine.StepListener;
import tinyllm.engine.StepReport;
import tinyllm.server.http.EventWriter;
import tinyllm.server.http.Exchange;
import tinyllm.server.http.HttpException;
import tools.jackson.databind.json.JsonMapper;

/** What the engine does now, a few times a second as an event of JSON: numbers and request ids, and nobody's text. */
final class LiveView implements StepListener {

    private static final JsonMapper JSON = new JsonMapper();
    private static final Duration PAUSE = Duration.ofMillis(250);
    private static final int MOST_VIEWS = 32;

    private final AtomicInteger views = new AtomicInteger();
    private volatile @Nullable StepReport last;

    @Override
    public void onStep(StepReport report) {
        last = report;
    }

    /** Streams until the client leaves, or the server drains. */
    void handle(Exchange e, Engine engine, BooleanSupplier draining) throws InterruptedException {
        if (views.incrementAndGet() > MOST_VIEWS) {
            views.decrementAndGet();
            throw new HttpException(429, MOST_VIEWS + " pages watch already: close one").retryAfter(1);
        }
        try (EventWriter events = e.events()) {
            String before = "";
            while (!draining.getAsBoolean() && !e.gone()) {
                String now = JSON.writeValueAsString(state(engine));
                if (!now.equals(before)) {
                    events.event(now);
                    before = now;
                }
                TimeUnit.NANOSECONDS.sleep(PAUSE.toNanos());
            }
        } finally {
            views.decrementAndGet();
        }
    }

    private Map<String, Object> state(Engine engine) {
        EngineMetrics metrics = engine.metrics();
        StepReport.Pages pages = engine.pages();
        boolean works = metrics.running() > 0;
        Map<String, Object> state = new LinkedHashMap<>();
        state.put("state", engine.health().state().name().toLowerCase(Locale.ROOT));
        state.put("running", metrics.running());
        state.put("waiting", metrics.waiting());
        state.put("tokens_per_s", works ? rounded(metrics.tokensPerSecond()) : 0);
        state.put("generated_tokens", metrics.generatedTokens());
        state.put("pages", Map.of("used", pages.used(), "idle", pages.idle(), "free", pages.free()));
        StepReport report = last;
        state.put("slots", works && report != null ? slots(report) : List.of());
        return state;
    }

    private static double rounded(double value) {
        return Double.isFinite(value) ? Math.rint(10 * value) / 10 : 0;
    }

    private static List<Map<String, Object>> slots(StepReport report) {
        List<Map<String, Object>> slots = new ArrayList<>();
        for (StepReport.Row row : report.rows()) {
            slots.add(Map.of(
                    "slot", row.slot(),
                    "request", row.request(),
                    "work", row.work().name().toLowerCase(Locale.ROOT),
                    "tokens", row.computed(),
                    "pages", row.pages()));
        }
        return slots;
    }
}
