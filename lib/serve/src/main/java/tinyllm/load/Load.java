package tinyllm.load;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tinyllm.engine.Simulation;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** How to load a server; immutable, so one can be kept and run again. Each run has connections of its own. */
public final class Load {

    private final String url;
    private final @Nullable String model;
    private final @Nullable String key;
    private final Api api;
    private final Prompts prompts;
    private final Map<String, Object> fields;
    private final Duration limit;
    private final Watcher watcher;

    private Load(
            String url,
            @Nullable String model,
            @Nullable String key,
            Api api,
            Prompts prompts,
            Map<String, Object> fields,
            Duration limit,
            Watcher watcher) {
        this.url = url;
        this.model = model;
        this.key = key;
        this.api = api;
        this.prompts = prompts;
        this.fields = fields;
        this.limit = limit;
        this.watcher = watcher;
    }

    /**
     * A load of chats for the server at an address, with or without {@code /v1} at its end.
     *
     * @throws IllegalArgumentException when that is no address of HTTP
     */
    public static Load on(String url) {
        String base = url.replaceAll("/+$", "").replaceAll("/v1$", "");
        if (!base.matches("https?://[^/\\s]+(/\\S*)?")) {
            throw new IllegalArgumentException("a server's address is like http://localhost:8080, not \"" + url + "\"");
        }
        return new Load(base, null, null, Api.CHAT, Prompts.words(1), Map.of(), Duration.ofMinutes(10), Watcher.NONE);
    }

    /** Asks this model; without it, the first one that the server lists. */
    public Load model(String name) {
        return new Load(url, name, key, api, prompts, fields, limit, watcher);
    }

    /** Shows this key as a bearer token. */
    public Load key(String secret) {
        return new Load(url, model, secret, api, prompts, fields, limit, watcher);
    }

    public Load by(Api way) {
        return new Load(url, model, key, way, prompts, fields, limit, watcher);
    }

    public Load prompts(Prompts texts) {
        return new Load(url, model, key, api, texts, fields, limit, watcher);
    }

    /** Sends a field with every request, in the place of the load's own of this name; null leaves that out. */
    public Load field(String name, @Nullable Object value) {
        Map<String, Object> more = new LinkedHashMap<>(fields);
        more.put(name, value == null ? Api.MAPPER.nullNode() : value);
        return new Load(url, model, key, api, prompts, more, limit, watcher);
    }

    /** Gives up on an answer that is not whole after this time (ten minutes without it). */
    public Load limit(Duration most) {
        return new Load(url, model, key, api, prompts, fields, most, watcher);
    }

    /** Tells this watcher what happens. */
    public Load watcher(Watcher sees) {
        return new Load(url, model, key, api, prompts, fields, limit, sees);
    }

    /** The same, for those who need nothing else: {@code Load.on(url).open(trace, count)}. */
    public static LoadReport open(String url, TraceGenerator trace, int count)
            throws IOException, InterruptedException {
        return on(url).open(trace, count);
    }

    /**
     * An open loop: requests are sent when the trace says, however many are still on their way, as people do who don't know of each
     * other. Returns when the last answer has ended.
     *
     * @throws IOException when the server does not say which models it has
     */
    public LoadReport open(TraceGenerator trace, int count) throws IOException, InterruptedException {
        return open(trace.requests(count));
    }

    /** The same with requests of your own; each arrives when it says, and none before the one ahead of it. */
    public LoadReport open(Iterator<Simulation.Request> requests) throws IOException, InterruptedException {
        try (Loop loop = new Loop(limit, watcher)) {
            String asked = asked(loop.client());
            return new LoadReport(url, asked, loop.open(all(asked, requests)));
        }
    }

    /**
     * A closed loop: so many clients, each of which sends its next request when its last answer has ended. The trace's arrivals do not
     * count; a request's planned arrival is when its client was free.
     */
    public LoadReport closed(int clients, TraceGenerator trace, int count) throws IOException, InterruptedException {
        return closed(clients, trace.requests(count));
    }

    /** The same with requests of your own. */
    public LoadReport closed(int clients, Iterator<Simulation.Request> requests)
            throws IOException, InterruptedException {
        if (clients < 1) {
            throw new IllegalArgumentException("a closed loop needs 1 client or more, not " + clients);
        }
        try (Loop loop = new Loop(limit, watcher)) {
            String asked = asked(loop.client());
            return new LoadReport(url, asked, loop.closed(clients, all(asked, requests)));
        }
    }

    /**
     * One request, sent by the calling thread, which reads the answer to its end: for who shows it while it comes.
     *
     * @param maxTokens of the answer
     */
    public Sample ask(String prompt, int maxTokens) throws IOException, InterruptedException {
        Simulation.Request wanted = new Simulation.Request(0, 0, maxTokens, 0);
        try (Loop loop = new Loop(limit, watcher)) {
            HttpRequest request = prompts((number, tokens) -> prompt).http(asked(loop.client()), 0, wanted);
            return loop.alone(new Asking(api, 0, wanted, request, watcher));
        }
    }

    private List<Asking> all(String asked, Iterator<Simulation.Request> requests) {
        List<Asking> all = new ArrayList<>();
        while (requests.hasNext()) {
            Simulation.Request next = requests.next();
            all.add(new Asking(api, all.size(), next, http(asked, all.size(), next), watcher));
        }
        return all;
    }

    private HttpRequest http(String asked, int request, Simulation.Request wanted) {
        String prompt = prompts.prompt(request, wanted.promptTokens());
        ObjectNode body = api.body(asked, prompt, wanted.outputTokens());
        fields.forEach((name, value) -> {
            JsonNode node = Api.MAPPER.valueToTree(value);
            if (node.isNull()) {
                body.remove(name);
            } else {
                body.set(name, node);
            }
        });
        return to(api.path())
                .header("Content-Type", "application/json")
                .timeout(limit)
                .POST(BodyPublishers.ofString(body.toString()))
                .build();
    }

    private HttpRequest.Builder to(String path) {
        HttpRequest.Builder builder = HttpRequest.newBuilder(URI.create(url + path));
        return key == null ? builder : builder.header("Authorization", "Bearer " + key);
    }

    private String asked(HttpClient client) throws IOException, InterruptedException {
        return model != null ? model : firstModel(client);
    }

    private String firstModel(HttpClient client) throws IOException, InterruptedException {
        HttpResponse<String> answer;
        try {
            answer =
                    client.send(to("/v1/models").timeout(Duration.ofSeconds(30)).build(), BodyHandlers.ofString());
        } catch (ConnectException e) {
            throw new IOException("no server answers at " + url, e);
        }
        String name = "";
        try {
            name = Api.MAPPER
                    .readTree(answer.body())
                    .path("data")
                    .path(0)
                    .path("id")
                    .asString("");
        } catch (JacksonException e) {
            // said below
        }
        if (name.isEmpty()) {
            throw new IOException(url + "/v1/models answered " + answer.statusCode()
                    + " and named no model: say which one to ask, or which key to show");
        }
        return name;
    }
}
