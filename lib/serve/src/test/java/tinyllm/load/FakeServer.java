package tinyllm.load;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import tools.jackson.databind.JsonNode;

/** A server that says what a test wants it to say, by another HTTP implementation than the lab's. */
final class FakeServer implements AutoCloseable {

    /** One answer. */
    interface Script {
        void answer(Reply reply, JsonNode request) throws Exception;
    }

    /** What a script writes. */
    record Reply(HttpExchange exchange) {
        void status(int status, String body) throws IOException {
            exchange.sendResponseHeaders(status, body.isEmpty() ? -1 : body.getBytes(UTF_8).length);
            exchange.getResponseBody().write(body.getBytes(UTF_8));
        }

        /** Opens the stream at the first call. */
        Reply say(String text) throws IOException {
            if (exchange.getResponseCode() < 0) {
                exchange.getResponseHeaders().add("Content-Type", "text/event-stream");
                exchange.sendResponseHeaders(200, 0);
            }
            OutputStream body = exchange.getResponseBody();
            body.write(text.getBytes(UTF_8));
            body.flush();
            return this;
        }

        Reply data(String json) throws IOException {
            return say("data: " + json.replace('\'', '"') + "\n\n");
        }

        Reply text(String piece) throws IOException {
            return data("{'choices':[{'index':0,'delta':{'content':'" + piece + "'}}]}");
        }

        Reply end(int promptTokens, int tokens) throws IOException {
            data("{'choices':[{'index':0,'delta':{},'finish_reason':'stop'}]}");
            data("{'choices':[],'usage':{'prompt_tokens':" + promptTokens + ",'completion_tokens':" + tokens + "}}");
            return data("[DONE]");
        }
    }

    private final HttpServer server;
    private final ExecutorService threads;
    final List<JsonNode> requests = new CopyOnWriteArrayList<>();
    final List<String> keys = new CopyOnWriteArrayList<>();

    /** @param atOnce so many answers */
    FakeServer(int atOnce, Script script) throws IOException {
        threads = Executors.newFixedThreadPool(atOnce);
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 200);
        server.setExecutor(threads);
        server.createContext("/v1/models", exchange -> {
            new Reply(exchange).status(200, "{\"data\":[{\"id\":\"fake\"},{\"id\":\"other\"}]}");
            exchange.close();
        });
        server.createContext("/v1/", exchange -> {
            JsonNode request = Api.MAPPER.readTree(exchange.getRequestBody().readAllBytes());
            requests.add(request);
            String key = exchange.getRequestHeaders().getFirst("Authorization");
            keys.add(key == null ? "" : key);
            try (exchange) {
                script.answer(new Reply(exchange), request);
            } catch (IOException e) {
                throw e;
            } catch (Exception e) {
                throw new IOException(e);
            }
        });
        server.start();
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
