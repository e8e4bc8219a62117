package tinyllm.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import tech.tablesaw.api.Table;
import tinyllm.engine.ChromeTrace;
import tinyllm.engine.Engine;
import tinyllm.engine.EngineOptions;
import tinyllm.engine.SchedulerPolicy;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * An engine's run as the engine itself records it, read back from the files: events of the JDK's flight recorder, and a trace in
 * Chrome's format (chapter 4.6).
 */
public final class EngineRecording {

    /** How often something stands in the files. */
    public record Row(String file, String event, int times, String says) {}

    private static final String STEP = "tinyllm.Step";
    private static final String PAGES = "tinyllm.Pages";
    private static final String REQUEST = "tinyllm.Request";
    private static final List<String> PHASES = List.of("model", "sample", "plan", "stream");
    private static final double PERCENT = 100;
    private static final int WARM_UP_TOKENS = 4;

    private final List<RecordedEvent> events;
    private final List<JsonNode> slices;
    private final Path trace;

    private EngineRecording(List<RecordedEvent> events, List<JsonNode> slices, Path trace) {
        this.events = events;
        this.slices = slices;
        this.trace = trace;
    }

    /**
     * Serves the requests with the flight recorder and the trace running.
     *
     * @param slots requests that may run at once
     * @throws UncheckedIOException when there is no room for the two files in the folder for temporary ones
     */
    public static EngineRecording of(CausalLm model, Requests requests, int slots) {
        try {
            Path trace = Files.createTempFile("engine", ".json");
            trace.toFile().deleteOnExit();
            List<RecordedEvent> events = serve(model, requests, slots, trace);
            return new EngineRecording(events, slices(trace), trace);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<RecordedEvent> serve(CausalLm model, Requests requests, int slots, Path trace)
            throws IOException {
        warmUp(model, slots);
        Path flight = Files.createTempFile("engine", ".jfr");
        try (Recording recording = new Recording()) {
            for (String event : List.of(STEP, PAGES, REQUEST)) {
                recording.enable(event);
            }
            recording.start();
            run(model, requests, slots, trace);
            recording.stop();
            recording.dump(flight);
            return RecordingFile.readAllEvents(flight);
        } finally {
            Files.deleteIfExists(flight);
        }
    }

    /** The first step of a JVM loads classes: half of its time, and none of what is to be seen. */
    private static void warmUp(CausalLm model, int slots) throws IOException {
        Path unread = Files.createTempFile("engine", ".json");
        try {
            run(model, Requests.mixed(slots, WARM_UP_TOKENS, WARM_UP_TOKENS), slots, unread);
        } finally {
            Files.deleteIfExists(unread);
        }
    }

    private static void run(CausalLm model, Requests requests, int slots, Path trace) {
        SchedulerPolicy policy = SchedulerPolicy.standard().withMaxRunning(slots);
        try (ChromeTrace written = new ChromeTrace(trace);
                Engine engine = Engine.manual(
                        model, EngineOptions.standard().with(policy).with(written))) {
            for (int i = 0; i < requests.size(); i++) {
                engine.submit(requests.engineRequest(i));
            }
            while (engine.step() != null) {
                if (Thread.currentThread().isInterrupted()) {
                    throw new CancellationException("the run was interrupted");
                }
            }
        }
    }

    /** What lasted some time, as the trace has it. */
    private static List<JsonNode> slices(Path trace) {
        JsonNode all = JsonMapper.shared().readTree(trace.toFile()).path("traceEvents");
        return StreamSupport.stream(all.spliterator(), false)
                .filter(event -> event.path("ph").asString().equals("X"))
                .toList();
    }

    /** Where the trace lies until this kernel ends: chrome://tracing or ui.perfetto.dev shows it as tracks. */
    public Path trace() {
        return trace;
    }

    private double[] millis(String phase) {
        return slices.stream()
                .filter(slice -> slice.path("name").asString().equals(phase))
                .mapToDouble(slice -> slice.path("dur").asDouble() / 1e3)
                .toArray();
    }

    /** From the trace: what each phase of each step took. */
    public Picture phases() {
        double model = Arrays.stream(millis("model")).sum();
        double all = PHASES.stream()
                .mapToDouble(phase -> Arrays.stream(millis(phase)).sum())
                .sum();
        String title = String.format(
                Locale.ROOT,
                "The model takes %.1f %% of the time, choosing tokens and the rest %.1f %%",
                PERCENT * model / all,
                PERCENT * (all - model) / all);
        Plot plot = Charts.plot(title, "step of the engine", "milliseconds").logY();
        for (String phase : PHASES) {
            plot.series(phase, millis(phase));
        }
        return plot.picture();
    }

    /** From the flight recorder: the pages that hold keys and values, and the requests that were ready for a token. */
    public Picture pages() {
        double[] used = steps("pagesUsed");
        double[] rows = steps("decodeRows");
        int taken = 0;
        int given = 0;
        for (RecordedEvent event : named(PAGES)) {
            int pages = event.getInt("pages");
            taken += Math.max(0, pages);
            given += Math.max(0, -pages);
        }
        String title = String.format(
                Locale.ROOT,
                "%d pages taken, %d given back; %.0f at the most at once",
                taken,
                given,
                Arrays.stream(used).max().orElse(0));
        return Charts.plot(title, "step of the engine", "how many")
                .series("pages in use", used)
                .series("requests that got a token", rows)
                .picture();
    }

    private double[] steps(String field) {
        return named(STEP).stream().mapToDouble(event -> event.getInt(field)).toArray();
    }

    private List<RecordedEvent> named(String name) {
        return events.stream()
                .filter(event -> event.getEventType().getName().equals(name))
                .toList();
    }

    /** What stands in the two files. */
    public Table table() {
        List<Row> rows = new ArrayList<>();
        rows.add(new Row("JFR", STEP, named(STEP).size(), "rows, pages, time of the model"));
        rows.add(new Row("JFR", PAGES, named(PAGES).size(), "who took or gave back how many"));
        rows.add(new Row("JFR", REQUEST, named(REQUEST).size(), "why it ended, tokens read and written"));
        for (String phase : PHASES) {
            rows.add(new Row("trace", phase, millis(phase).length, "when, and for how long"));
        }
        int requests = slices.size()
                - IntStream.range(0, PHASES.size())
                        .map(i -> millis(PHASES.get(i)).length)
                        .sum();
        rows.add(new Row("trace", "request in a slot", requests, "tokens read or written, pages"));
        return Tables.of(rows);
    }
}
