package tinyllm.server.notebook;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tinyllm.engine.EngineMetrics;
import tinyllm.engine.EngineOptions;
import tinyllm.engine.PolicyFn;
import tinyllm.engine.PolicyScheduler;
import tinyllm.engine.StepReport;
import tinyllm.lab.view.Html;
import tinyllm.lab.view.Live;
import tinyllm.lab.view.Rich;
import tinyllm.model.CausalLm;
import tinyllm.server.ApiServer;
import tinyllm.server.http.HttpSettings;
import tinyllm.server.openai.OwnStreams;
import tinyllm.stream.EventStreamFn;
import tinyllm.stream.StreamFn;

/**
 * A model that is served to this machine's programs on a free port, from the process that this object lives in: it runs a learner's
 * policy, and a crash of native code ends both. The model stays when the server is closed. As a cell's result it shows its address.
 */
public final class NotebookServer implements AutoCloseable, Rich {

    private final String model;
    private final Heard heard;
    private final StepLog log;
    private final ApiServer api;

    private NotebookServer(
            CausalLm model,
            EngineOptions options,
            Supplier<? extends EventStreamFn> events,
            Supplier<? extends StreamFn> streams)
            throws IOException {
        this.model = shortName(model.name());
        this.heard = new Heard();
        this.log = new StepLog();
        NotebookStreams own = new NotebookStreams(model.tokenizer(), events, streams, heard, log);
        this.api = ApiServer.start(
                model,
                options.with(heard.scheduler(options.scheduler())).with(log),
                HttpSettings.loopback(0),
                new OwnStreams(this.model, model, own));
    }

    /** Of a file or a folder its own name alone. */
    private static String shortName(String name) {
        Path last = Path.of(name).getFileName();
        return last == null ? "model" : last.toString().replaceAll("\\.(gguf|safetensors)$", "");
    }

    static NotebookServer start(
            CausalLm model,
            EngineOptions options,
            Supplier<? extends EventStreamFn> events,
            Supplier<? extends StreamFn> streams) {
        try {
            return new NotebookServer(model, options, events, streams);
        } catch (IOException e) {
            throw new IllegalStateException("the notebook's server does not start: " + e.getMessage(), e);
        }
    }

    static EngineOptions options(PolicyFn policy, double tokensPerSecond) {
        return EngineOptions.standard().with(new PolicyScheduler(policy, tokensPerSecond));
    }

    /** Where clients find it: {@code http://127.0.0.1:41234}. */
    public URI url() {
        return URI.create("http://127.0.0.1:" + api.port());
    }

    /** The name that clients call the model by. */
    public String model() {
        return model;
    }

    /** The engine's counts, and times of the last tokens. */
    public EngineMetrics metrics() {
        return api.engine().metrics();
    }

    /** Who holds how many pages, after the last step or the last request's end. */
    public StepReport.Pages pages() {
        return api.engine().pages();
    }

    /** What every step did so far, in order; the last {@value StepLog#MOST} of them. */
    public List<StepReport> reports() {
        return log.reports();
    }

    /** What became of every plain streamed chat so far, in the order of arrival. */
    public List<ServedRequest> requests() {
        return log.requests();
    }

    /**
     * Asks as any program would, over HTTP, and shows the text below the cell while it comes.
     *
     * @throws IllegalStateException when the server refuses
     * @throws RuntimeException what the learner's own code threw meanwhile
     */
    public void ask(String message, int maxTokens) throws InterruptedException {
        StringBuilder text = new StringBuilder();
        try (Live live = new Live()) {
            live.show(() -> said("", "asking " + url() + " …"));
            Visit visit = Visitor.visit(this, message, maxTokens, piece -> {
                text.append(piece);
                String now = text.toString();
                live.show(() -> said(now, "…"));
            });
            live.show(() -> said(visit.text(), visit.summary()));
        } finally {
            heard.rethrow(); // rather than what a client makes of it
        }
    }

    private static Rich said(String text, String note) {
        String html = "<div style=\"white-space:pre-wrap\">" + Html.isolate(text) + "</div>"
                + "<div style=\"color:var(--jp-content-font-color2,#555)\">" + Html.escape(note) + "</div>";
        return new Html(html, text + "\n" + note);
    }

    /** Throws what the learner's policy, events or stream threw first, if they did. */
    void rethrow() {
        heard.rethrow();
    }

    /** A line for a terminal, that streams an answer. */
    public String curl() {
        return "curl -N " + url() + "/v1/chat/completions -H 'Content-Type: application/json' -d '{\"model\": \""
                + model
                + "\", \"stream\": true, \"messages\": [{\"role\": \"user\", \"content\": \"Why is the sky blue?\"}]}'";
    }

    @Override
    public @Nullable String html() {
        String address = Html.escape(url().toString());
        return "<p>" + Html.escape(model) + " is served at <a href=\"" + address
                + "/\" target=\"_blank\" rel=\"noopener\">"
                + address + "</a>, where a page to chat is. In a terminal:</p><pre style=\"white-space:pre-wrap\">"
                + Html.escape(curl()) + "</pre>";
    }

    @Override
    public String text() {
        return model + " is served at " + url() + ". In a terminal:\n" + curl();
    }

    @Override
    public String toString() {
        return model + " at " + url();
    }

    /** Cancels what is left, and stops listening. Closing again does nothing. */
    @Override
    public void close() {
        api.close();
    }
}
