package tinyllm.weights;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A hub on this machine, which can misbehave. */
final class FakeHub implements AutoCloseable {
    private static final int CHUNK = 1 << 18;

    final Map<String, byte[]> files = new ConcurrentHashMap<>();
    final List<String> requests = new CopyOnWriteArrayList<>();
    final AtomicInteger bodies = new AtomicInteger();
    volatile String listing = "[]";
    /** Answers end after so many bytes, that many times. */
    volatile int cutAfter = Integer.MAX_VALUE;

    final AtomicInteger cuts = new AtomicInteger();
    volatile @Nullable String redirect;
    volatile boolean ignoresRanges;
    volatile int status;
    volatile long delayMillis;
    /** The pause after each {@link #CHUNK} of a file. */
    volatile long chunkMillis;

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    FakeHub() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 64);
        server.setExecutor(threads);
        server.createContext("/", this::answer);
        server.start();
    }

    URI uri() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getPath();
            String range = exchange.getRequestHeaders().getFirst("Range");
            requests.add(path + " " + range + " " + exchange.getRequestHeaders().getFirst("Authorization"));
            if (status != 0) {
                exchange.sendResponseHeaders(status, -1);
            } else if (path.startsWith("/api/")) {
                byte[] body = listing.getBytes(StandardCharsets.UTF_8);
                exchange.sendResponseHeaders(200, body.length);
                exchange.getResponseBody().write(body);
            } else if (redirect != null && path.contains("/resolve/")) {
                exchange.getResponseHeaders().add("Location", redirect);
                exchange.sendResponseHeaders(302, -1);
            } else {
                file(exchange, path.substring(path.lastIndexOf('/') + 1), ignoresRanges ? null : range);
            }
        }
    }

    private void file(HttpExchange exchange, String name, @Nullable String range) throws IOException {
        byte[] content = files.get(name);
        if (content == null) {
            exchange.sendResponseHeaders(404, -1);
            return;
        }
        int from = range == null ? 0 : Integer.parseInt(range.replaceAll("\\D+(\\d+)-", "$1"));
        if (from >= content.length) {
            exchange.sendResponseHeaders(416, -1);
            return;
        }
        if (range != null) {
            exchange.getResponseHeaders()
                    .add("Content-Range", "bytes " + from + "-" + (content.length - 1) + "/" + content.length);
        }
        exchange.sendResponseHeaders(range == null ? 200 : 206, content.length - from);
        bodies.incrementAndGet();
        pause(delayMillis);
        int to = content.length;
        if (content.length - from > cutAfter && cuts.getAndDecrement() > 0) {
            to = from + cutAfter;
        }
        for (int at = from; at < to; at += CHUNK) {
            exchange.getResponseBody().write(content, at, Math.min(CHUNK, to - at));
            exchange.getResponseBody().flush();
            pause(chunkMillis);
        }
        if (to < content.length) {
            throw new IOException("cut on purpose");
        }
    }

    private static void pause(long millis) throws IOException {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.close();
    }
}
