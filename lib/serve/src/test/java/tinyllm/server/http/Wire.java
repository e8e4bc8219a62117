package tinyllm.server.http;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** A client that sends bytes as a test wants them, well-formed or not. */
public final class Wire implements Closeable {

    /** An answer: its first line and header, and its body where a length was given. */
    public record Answer(int status, String head, String body) {
        public String header(String name) {
            return head.lines()
                    .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(name.toLowerCase(Locale.ROOT) + ":"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse("");
        }
    }

    private final Socket socket;
    private final InputStream in;

    private Wire(Socket socket) throws IOException {
        this.socket = socket;
        this.in = socket.getInputStream();
    }

    public static Wire open(int port) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(10_000);
        return new Wire(socket);
    }

    public Wire send(String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
        return this;
    }

    /** Sends what the server takes, and says whether it took all. */
    public boolean trySend(String text) {
        try {
            send(text);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    public static String get(String path, String... headers) {
        return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + lines(headers) + "\r\n";
    }

    public static String post(String path, String body, String... headers) {
        return "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
                + body.length() + "\r\n" + lines(headers) + "\r\n" + body;
    }

    private static String lines(String... headers) {
        return headers.length == 0 ? "" : String.join("\r\n", headers) + "\r\n";
    }

    /** Reads one answer. */
    public Answer answer() throws IOException {
        String head = head();
        int status = Integer.parseInt(head.split(" ", 3)[1]);
        return new Answer(status, head, body(head));
    }

    /** Reads the body of an answer whose head gave its length. */
    public String body(String head) throws IOException {
        String length = new Answer(0, head, "").header("Content-Length");
        int bytes = length.isEmpty() ? 0 : Integer.parseInt(length);
        return new String(in.readNBytes(bytes), StandardCharsets.UTF_8);
    }

    /** Reads to the empty line. */
    public String head() throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("closed after " + head.size() + " bytes of an answer: " + head);
            }
            head.write(next);
        }
        return head.toString(StandardCharsets.ISO_8859_1);
    }

    /** Reads the chunks of one answer to their end. */
    public String chunks() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int size = chunkSize(); size > 0; size = chunkSize()) {
            bytes.write(in.readNBytes(size));
            in.readNBytes(2);
        }
        in.readNBytes(2);
        return bytes.toString(StandardCharsets.UTF_8);
    }

    private int chunkSize() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\r'; c = in.read()) {
            if (c < 0) {
                throw new IOException("closed before the last chunk");
            }
            line.append((char) c);
        }
        in.read();
        return Integer.parseInt(line.toString(), 16);
    }

    /** Whether the server closes within the socket's time. */
    public boolean closes() {
        try {
            while (in.read() >= 0) {}
            return true;
        } catch (SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    public Socket socket() {
        return socket;
    }

    /** Ends the connection by a reset, as a killed process may. */
    public void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
