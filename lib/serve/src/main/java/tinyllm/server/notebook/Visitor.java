package tinyllm.server.notebook;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A client like any other: asks over HTTP, and reads server-sent events. */
final class Visitor {

    /** Stays to the end. */
    static final int STAYS = Integer.MAX_VALUE;

    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final int BEGIN = 5; // characters of "data:"

    private Visitor() {}

    /** Speaks HTTP/1.1, and asks for nothing newer. */
    static HttpClient client() {
        return HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    }

    static Visit visit(NotebookServer server, String message, int maxTokens, Consumer<String> onText)
            throws InterruptedException {
        try (HttpClient client = client()) {
            return visit(client, server.url(), server.model(), message, maxTokens, STAYS, onText);
        }
    }

    /**
     * Asks, and reads until the end or until so many pieces have come.
     *
     * @param leavesAfter pieces of text after which the connection is closed; 0 closes it as soon as the server has answered
     * @throws IllegalStateException when the server refuses, or its events can't be read
     */
    static Visit visit(
            HttpClient client,
            URI server,
            String model,
            String message,
            int maxTokens,
            int leavesAfter,
            Consumer<String> onText)
            throws InterruptedException {
        String body = JSON.writeValueAsString(Map.of(
                "model",
                model,
                "stream",
                true,
                "max_tokens",
                maxTokens,
                "temperature",
                0,
                "messages",
                List.of(Map.of("role", "user", "content", message))));
        HttpRequest request = HttpRequest.newBuilder(server.resolve("/v1/chat/completions"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        long sent = System.nanoTime();
        try {
            HttpResponse<InputStream> answer = client.send(request, HttpResponse.BodyHandlers.ofInputStream());
            try (InputStream in = answer.body()) {
                if (answer.statusCode() != 200) {
                    throw new IllegalStateException(
                            "the server answered " + answer.statusCode() + ": " + new String(in.readAllBytes(), UTF_8));
                }
                return read(in, sent, leavesAfter, onText);
            }
        } catch (IOException e) {
            throw new IllegalStateException("the server at " + server + " broke off: " + e, e);
        }
    }

    private static Visit read(InputStream in, long sent, int leavesAfter, Consumer<String> onText) throws IOException {
        List<Double> times = new ArrayList<>();
        StringBuilder text = new StringBuilder();
        String reason = "";
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(in, UTF_8))) {
            while (times.size() < leavesAfter) {
                String line = lines.readLine();
                if (line == null) {
                    break;
                }
                if (!line.startsWith("data:") || line.endsWith(": [DONE]")) {
                    continue;
                }
                JsonNode event = JSON.readTree(line.substring(BEGIN));
                if (event.has("error")) {
                    throw new IllegalStateException("the answer failed: "
                            + event.path("error").path("message").asString(""));
                }
                JsonNode choice = event.path("choices").path(0);
                String piece = choice.path("delta").path("content").asString("");
                if (!piece.isEmpty()) {
                    times.add((System.nanoTime() - sent) / 1e9);
                    text.append(piece);
                    onText.accept(piece);
                }
                reason = choice.path("finish_reason").asString(reason);
            }
        }
        return new Visit(times, text.toString(), reason, reason.isEmpty());
    }
}
