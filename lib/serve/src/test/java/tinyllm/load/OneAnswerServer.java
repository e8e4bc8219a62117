package tinyllm.load;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A server that promises to keep its connections, and closes each without a word when a second answer is asked for over it; or at once,
 * when it never answers.
 */
final class OneAnswerServer implements AutoCloseable {

    private static final String BODY = """
            data: {"choices":[{"index":0,"text":"x","finish_reason":"stop"}]}

            data: [DONE]

            """;

    private final ServerSocket listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final boolean answers;
    final AtomicInteger asked = new AtomicInteger();

    OneAnswerServer(boolean answers) throws IOException {
        this.answers = answers;
        Thread.ofPlatform().daemon().name("one-answer").start(this::accept);
    }

    String url() {
        return "http://127.0.0.1:" + listening.getLocalPort();
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = listening.accept();
                Thread.ofVirtual().start(() -> serve(socket));
            }
        } catch (IOException e) {
            // the test is over
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            BufferedReader in =
                    new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            if (read(in) && answers) {
                String head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: " + BODY.length()
                        + "\r\n\r\n";
                socket.getOutputStream().write((head + BODY).getBytes(StandardCharsets.UTF_8));
                read(in);
            }
        } catch (IOException e) {
            // the client has closed
        }
    }

    /** Returns false at the connection's end. */
    private boolean read(BufferedReader in) throws IOException {
        int length = 0;
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            if (line.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
                length = Integer.parseInt(line.substring(line.indexOf(':') + 1).strip());
            }
            if (line.isEmpty()) {
                asked.incrementAndGet();
                return in.skip(length) == length;
            }
        }
        return false;
    }

    @Override
    public void close() throws IOException {
        listening.close();
    }
}
