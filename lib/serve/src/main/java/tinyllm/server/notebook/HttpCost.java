package tinyllm.server.notebook;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import tinyllm.engine.Simulation;
import tinyllm.lab.Timing;
import tinyllm.lab.view.Html;
import tinyllm.lab.view.Rich;

/**
 * What HTTP, JSON and the event stream add to the first token of an idle server: medians over requests, one after another (chapter 3.8).
 *
 * @param times how many requests counted
 * @param clientMs from the sending of a request to its first piece of text
 * @param engineMs from its submission to its first token
 * @param addedMs their difference, request by request
 */
public record HttpCost(int times, double clientMs, double engineMs, double addedMs) implements Rich {

    private static final int WARM_UP = 3;
    private static final Simulation.Request SHORT = new Simulation.Request(0, 0, 2, 0);

    /**
     * Asks the server, and closes it.
     *
     * @throws RuntimeException what the learner's own code threw meanwhile
     */
    public static HttpCost of(NotebookServer server, int times) throws InterruptedException {
        double[] client = new double[times];
        double[] engine = new double[times];
        double[] added = new double[times];
        try (server) {
            List<Visit> visits = visits(server, WARM_UP + times);
            List<ServedRequest> requests = server.requests();
            for (int i = 0; i < times; i++) {
                ServedRequest request = requests.get(requests.size() - times + i);
                client[i] = 1e3 * visits.get(WARM_UP + i).firstToken();
                engine[i] = 1e3 * (request.first() - request.arrived());
                added[i] = client[i] - engine[i];
            }
        }
        return new HttpCost(times, Timing.median(client), Timing.median(engine), Timing.median(added));
    }

    /** One after another; each with another beginning, so that no page is known. */
    private static List<Visit> visits(NotebookServer server, int count) throws InterruptedException {
        try {
            return Visitor.load(server)
                    .prompts((request, tokens) -> request - WARM_UP + " times?")
                    .closed(1, Collections.nCopies(count, SHORT).iterator())
                    .samples()
                    .stream()
                    .map(sample -> Visit.of(sample, "", Visitor.STAYS))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            server.rethrow();
        }
    }

    @Override
    public String text() {
        return String.format(
                Locale.ROOT,
                "First text after %.1f ms at the client, first token after %.1f ms in the engine: HTTP, JSON and the stream add %.1f ms"
                        + " (medians of %d requests).",
                clientMs,
                engineMs,
                addedMs,
                times);
    }

    @Override
    public String html() {
        return "<p>" + Html.escape(text()) + "</p>";
    }
}
