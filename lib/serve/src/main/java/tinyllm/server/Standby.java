package tinyllm.server;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tinyllm.server.http.Handler;
import tinyllm.server.http.HttpException;
import tinyllm.server.http.HttpServer;
import tinyllm.server.http.HttpSettings;
import tinyllm.server.http.Routes;

/** Holds the port while there is no engine behind it: every request, whatever its path, hears 503, and when to come again. */
final class Standby implements AutoCloseable {

    private static final String[] ASKED = {"/v1/chat/completions", "/v1/completions", "/v1/responses"};

    private static final Logger LOG = LoggerFactory.getLogger("tinyllm.server");

    private final HttpServer http;

    private Standby(HttpServer http) {
        this.http = http;
    }

    /**
     * @param why as in "the model is being loaded"
     * @param retryAfter seconds, 1 or more
     */
    static Standby start(HttpSettings settings, String why, int retryAfter) throws IOException {
        HttpException refusal = new HttpException(503, why + ": try again later")
                .code("unavailable")
                .retryAfter(retryAfter);
        Handler refuses = e -> {
            throw refusal;
        };
        // Which paths there will be, the protocol behind the engine knows alone, such as a model's own under
        // /v1/models.
        Routes routes = Routes.none().open("/health", refuses).elsewhere(refusal);
        for (String path : ASKED) {
            routes = routes.post(path, refuses);
        }
        return new Standby(HttpServer.start(settings, routes));
    }

    /** Asks itself once, so that the first answer after a crash does not wait for classes to load. */
    void warmUp() {
        Thread.ofVirtual().name("warm-up").start(() -> askOnce(port()));
    }

    /** One small request to this machine's own server. */
    static void askOnce(int port) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream()
                    .write("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".getBytes(US_ASCII));
            socket.getInputStream().readAllBytes();
        } catch (IOException e) {
            LOG.debug("not warmed up", e);
        }
    }

    int port() {
        return http.port();
    }

    /** Frees the port at once, and gives the answers that are on their way after that. */
    @Override
    public void close() {
        http.stopListening();
        Thread.ofPlatform().daemon().name("standby-close").start(() -> http.close(Duration.ofMillis(500)));
    }
}
