package tinyllm.lab.kernel;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.dflib.jjava.shaded.org.zeromq.SocketType;
import org.dflib.jjava.shaded.org.zeromq.ZMQ;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A real kernel in a process of its own, started as its kernelspec does, spoken to by Jupyter's wire protocol. */
final class RealKernel implements AutoCloseable {

    private static final String KEY = "test-key";
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final Process process;
    private final ZMQ.Context context = ZMQ.context(1);
    private final ZMQ.Socket shell;
    private final ZMQ.Socket control;
    private final ZMQ.Socket published;
    private final String session = UUID.randomUUID().toString();

    /** What a cell showed. */
    record Cell(String status, List<Output> outputs) {

        /** Everything as plain text. */
        String text() {
            return outputs.stream().map(Output::text).collect(Collectors.joining("\n"));
        }
    }

    /**
     * One message.
     *
     * @param data by MIME type; a stream's text and an error's name and value stand under "text/plain"
     */
    record Output(String type, String id, Map<String, String> data) {
        String text() {
            return data.getOrDefault("text/plain", "");
        }
    }

    RealKernel(KernelForm form, Path folder, Map<String, String> env) throws IOException {
        int[] ports = freePorts(5);
        Path connection = folder.resolve("connection.json");
        Files.writeString(
                connection,
                JSON.writeValueAsString(Map.of(
                        "ip",
                        "127.0.0.1",
                        "transport",
                        "tcp",
                        "key",
                        KEY,
                        "signature_scheme",
                        "hmac-sha256",
                        "shell_port",
                        ports[0],
                        "iopub_port",
                        ports[1],
                        "stdin_port",
                        ports[2],
                        "control_port",
                        ports[3],
                        "hb_port",
                        ports[4])));
        ProcessBuilder builder = new ProcessBuilder(form.command(connection));
        builder.environment().putAll(form.environment());
        builder.environment().putAll(env);
        process = builder.redirectErrorStream(true)
                .redirectOutput(folder.resolve("kernel.log").toFile())
                .start();
        shell = connect(SocketType.DEALER, ports[0]);
        control = connect(SocketType.DEALER, ports[3]);
        published = connect(SocketType.SUB, ports[1]);
        published.subscribe(new byte[0]);
        ready();
    }

    /** Asks until the kernel answers and its publications arrive. */
    private void ready() throws IOException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
        while (System.nanoTime() < end && process.isAlive()) {
            send(shell, "kernel_info_request", Map.of());
            if (receive(published, 1_000) != null) {
                drain();
                return;
            }
        }
        throw new IOException("the kernel did not answer within 90 s");
    }

    private void drain() {
        while (receive(published, 300) != null || receive(shell, 300) != null) {
            // What belongs to the questions of ready().
        }
    }

    /** Runs a cell to its end. */
    Cell run(String code) {
        return finish(start(code));
    }

    /** Begins a cell; {@link #finish} waits for it. */
    String start(String code) {
        return send(
                shell,
                "execute_request",
                Map.of("code", code, "silent", false, "store_history", true, "allow_stdin", false));
    }

    void interrupt() {
        send(control, "interrupt_request", Map.of());
    }

    Cell finish(String id) {
        return finish(id, 60);
    }

    Cell finish(String id, int seconds) {
        List<Output> outputs = new ArrayList<>();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        boolean idle = false;
        while (!idle && System.nanoTime() < end) {
            Message message = receive(published, 1_000);
            if (message == null || !message.parent().equals(id)) {
                continue;
            }
            idle = message.type().equals("status")
                    && message.content().path("execution_state").asString().equals("idle");
            if (!message.type().equals("status") && !message.type().equals("execute_input")) {
                outputs.add(output(message));
            }
        }
        Message reply = idle ? receive(shell, 10_000) : null;
        return new Cell(idle && reply != null ? reply.content().path("status").asString() : "no answer", outputs);
    }

    private static Output output(Message m) {
        JsonNode c = m.content();
        return switch (m.type()) {
            case "stream" ->
                new Output(m.type(), "", Map.of("text/plain", c.path("text").asString()));
            case "error" ->
                new Output(
                        m.type(),
                        "",
                        Map.of(
                                "text/plain",
                                c.path("ename").asString() + ": "
                                        + c.path("evalue").asString()));
            default ->
                new Output(
                        m.type(),
                        c.path("transient").path("display_id").asString(""),
                        c.path("data")
                                .propertyStream()
                                .collect(Collectors.toMap(
                                        Map.Entry::getKey, e -> e.getValue().asString())));
        };
    }

    private record Message(String type, String parent, JsonNode content) {}

    private String send(ZMQ.Socket socket, String type, Map<String, ?> content) {
        String id = UUID.randomUUID().toString();
        List<String> parts = List.of(
                JSON.writeValueAsString(Map.of(
                        "msg_id",
                        id,
                        "session",
                        session,
                        "username",
                        "test",
                        "msg_type",
                        type,
                        "version",
                        "5.3",
                        "date",
                        "2026-01-01T00:00:00.000000Z")),
                "{}",
                "{}",
                JSON.writeValueAsString(content));
        socket.sendMore("<IDS|MSG>");
        socket.sendMore(sign(parts));
        for (int i = 0; i < 3; i++) {
            socket.sendMore(parts.get(i));
        }
        socket.send(parts.get(3));
        return id;
    }

    private static @Nullable Message receive(ZMQ.Socket socket, int millis) {
        socket.setReceiveTimeOut(millis);
        byte[] frame = socket.recv();
        if (frame == null) {
            return null;
        }
        List<String> frames = new ArrayList<>(List.of(new String(frame, StandardCharsets.UTF_8)));
        while (socket.hasReceiveMore()) {
            frames.add(new String(socket.recv(), StandardCharsets.UTF_8));
        }
        int at = frames.indexOf("<IDS|MSG>");
        JsonNode header = JSON.readTree(frames.get(at + 2));
        return new Message(
                header.path("msg_type").asString(),
                JSON.readTree(frames.get(at + 3)).path("msg_id").asString(""),
                JSON.readTree(frames.get(at + 5)));
    }

    private static String sign(List<String> parts) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(KEY.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            parts.forEach(part -> mac.update(part.getBytes(StandardCharsets.UTF_8)));
            return HexFormat.of().formatHex(mac.doFinal());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private ZMQ.Socket connect(SocketType type, int port) {
        ZMQ.Socket socket = context.socket(type);
        socket.setLinger(0);
        socket.connect("tcp://127.0.0.1:" + port);
        return socket;
    }

    private static int[] freePorts(int count) throws IOException {
        List<ServerSocket> sockets = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                sockets.add(new ServerSocket(0));
            }
            return sockets.stream().mapToInt(ServerSocket::getLocalPort).toArray();
        } finally {
            for (ServerSocket socket : sockets) {
                socket.close();
            }
        }
    }

    boolean awaitEnd() throws InterruptedException {
        return process.waitFor(20, TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        process.destroyForcibly();
        shell.close();
        control.close();
        published.close();
        context.close();
    }
}
