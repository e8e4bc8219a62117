package tinyllm.load;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.ConnectException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tinyllm.engine.Simulation;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** One request of a load, asked by the thread that calls {@link #ask}. */
final class Asking {

    private static final int SHOWN = 200;

    /** Times that a request goes over a connection that its server has closed, before that counts as no answer. */
    private static final int MOST_RESENT = 3;

    private final Api api;
    private final int request;
    private final Simulation.Request wanted;
    private final HttpRequest http;
    private final Watcher watcher;

    private double[] times = new double[64];
    private int events;
    private int status;
    private int resent;
    private int promptTokens = -1;
    private int usageTokens = -1;
    private @Nullable String finishReason;
    private @Nullable String problem;

    Asking(Api api, int request, Simulation.Request wanted, HttpRequest http, Watcher watcher) {
        this.api = api;
        this.request = request;
        this.wanted = wanted;
        this.http = http;
        this.watcher = watcher;
    }

    int request() {
        return request;
    }

    Simulation.Request wanted() {
        return wanted;
    }

    /**
     * Sends it, and reads the answer to its end.
     *
     * @param origin what {@link System#nanoTime} said when the load began
     * @param planned when this request was to arrive, in seconds after that
     * @param limit of time for the whole answer
     */
    Sample ask(HttpClient client, ScheduledExecutorService timer, long origin, double planned, Duration limit) {
        double sent = since(origin);
        boolean[] late = {false};
        try {
            HttpResponse<InputStream> answer = send(client);
            status = answer.statusCode();
            long left = limit.toMillis() - (long) ((since(origin) - sent) * 1000);
            ScheduledFuture<?> cut = timer.schedule(
                    () -> {
                        late[0] = true;
                        close(answer.body());
                    },
                    Math.max(0, left),
                    TimeUnit.MILLISECONDS);
            try (InputStream body = answer.body()) {
                read(body, origin);
            } finally {
                cut.cancel(false);
            }
        } catch (HttpTimeoutException e) {
            problem = "no answer within " + limit.toSeconds() + " s";
        } catch (IOException e) {
            problem = late[0] ? "not whole within " + limit.toSeconds() + " s" : said(e);
        } catch (JacksonException e) {
            problem = "an event is no JSON: " + e.getOriginalMessage();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            problem = "the load was stopped";
        }
        return new Sample(
                request,
                wanted.promptTokens(),
                wanted.outputTokens(),
                planned,
                sent,
                Arrays.copyOf(times, events),
                since(origin),
                status,
                promptTokens,
                usageTokens,
                finishReason,
                resent,
                problem);
    }

    /**
     * A server may close a connection that it has kept, at the moment of its next use; some do so after every stream. A request of which
     * not a byte was answered is sent again, as all clients do.
     */
    private HttpResponse<InputStream> send(HttpClient client) throws IOException, InterruptedException {
        while (true) {
            try {
                return client.send(http, HttpResponse.BodyHandlers.ofInputStream());
            } catch (ConnectException | HttpTimeoutException e) {
                throw e;
            } catch (IOException e) {
                if (resent == MOST_RESENT) {
                    throw e;
                }
                resent++;
            }
        }
    }

    private static String said(IOException e) {
        String message = e.getMessage();
        return message == null || message.isBlank() ? e.getClass().getSimpleName() : message;
    }

    private static void close(InputStream body) {
        try {
            body.close();
        } catch (IOException e) {
            // whoever reads it hears so
        }
    }

    private static double since(long origin) {
        return (System.nanoTime() - origin) / 1e9;
    }

    private void read(InputStream body, long origin) throws IOException {
        if (status != 200) {
            problem = refusal(new String(body.readAllBytes(), StandardCharsets.UTF_8));
            return;
        }
        EventLines lines = new EventLines(new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8)));
        boolean done = false;
        while (true) {
            if (!watcher.stays(request, events)) {
                problem = "the client left";
                return;
            }
            String data = lines.next();
            if (data == null) {
                break;
            }
            double now = since(origin);
            if (data.equals("[DONE]")) {
                done = true;
            } else {
                event(Api.MAPPER.readTree(data), now);
            }
        }
        if (problem == null && !done) {
            problem = "the stream ended without [DONE]";
        }
        if (problem == null && finishReason == null) {
            problem = "the answer ended without a finish reason";
        }
    }

    private void event(JsonNode event, double now) {
        if (event.has("error")) {
            problem = "the stream failed: " + message(event.get("error"));
        }
        if (api.writes(event)) {
            if (events == times.length) {
                times = Arrays.copyOf(times, 2 * events);
            }
            times[events++] = now;
            String text = api.text(event);
            if (!text.isEmpty()) {
                watcher.text(request, text);
            }
        }
        String reason = event.path("choices").path(0).path("finish_reason").asString("");
        finishReason = reason.isEmpty() ? finishReason : reason;
        JsonNode usage = event.path("usage");
        promptTokens = usage.path("prompt_tokens").asInt(promptTokens);
        usageTokens = usage.path("completion_tokens").asInt(usageTokens);
    }

    /** The sentence of an error in OpenAI's shape, or the begin of what came instead. */
    private static String refusal(String body) {
        try {
            return message(Api.MAPPER.readTree(body).path("error"));
        } catch (JacksonException e) {
            return shortened(body.strip());
        }
    }

    private static String message(JsonNode error) {
        return shortened(
                error.isString() ? error.stringValue() : error.path("message").asString(error.toString()));
    }

    private static String shortened(String text) {
        return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "…";
    }
}
