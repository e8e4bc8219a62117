package tinyllm.server.notebook;

import java.net.http.HttpClient;
import java.util.Locale;
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

    /**
     * Asks the server, and closes it.
     *
     * @throws RuntimeException what the learner's own code threw meanwhile
     */
    public static HttpCost of(NotebookServer server, int times) throws InterruptedException {
        double[] client = new double[times];
        double[] engine = new double[times];
        double[] added = new double[times];
        try (server;
                HttpClient http = Visitor.client()) {
            for (int i = -WARM_UP; i < times; i++) {
                Visit visit = visit(server, http, i);
                ServedRequest request = server.requests().getLast();
                if (i >= 0) {
                    client[i] = 1e3 * visit.firstToken();
                    engine[i] = 1e3 * (request.first() - request.arrived());
                    added[i] = client[i] - engine[i];
                }
            }
        }
        return new HttpCost(times, Timing.median(client), Timing.median(engine), Timing.median(added));
    }

    /** Each with another beginning, so that no page is known. */
    private static Visit visit(NotebookServer server, HttpClient http, int number) throws InterruptedException {
        try {
            return Visitor.visit(http, server.url(), server.model(), number + " times?", 2, Visitor.STAYS, piece -> {});
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
