package tinyllm.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A server that runs while it is measured, and ends with this process at the latest. */
public final class ServerProcess implements AutoCloseable {

    private static final Duration START = Duration.ofMinutes(5);

    private final Process process;
    private final Thread reaper;
    private final Path log;
    private String url = "";

    private ServerProcess(List<String> command, Map<String, String> environment, boolean ownOutput) throws IOException {
        this.log = Files.createTempFile("tinyllm-server", ".log");
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(log.toFile());
        if (!ownOutput) {
            builder.redirectErrorStream(true).redirectOutput(log.toFile());
        }
        builder.environment().putAll(environment);
        builder.environment().remove("TINYLLM_API_KEY"); // it serves this process alone
        this.process = builder.start();
        this.reaper = new Thread(() -> end(process));
        Runtime.getRuntime().addShutdownHook(reaper);
    }

    /**
     * {@code ./lab serve} of a model on a free port, as its users start it, with the flags and the class path of this JVM.
     *
     * @param more options of the command
     * @throws IOException when it does not come to serve, with what it said
     */
    public static ServerProcess lab(String model, int threads, List<String> more) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), "tinyllm.cli.Main", "serve", "--json"));
        command.addAll(List.of("--model", model, "--port", "0", "--threads", Integer.toString(threads)));
        command.addAll(more);
        ServerProcess server = new ServerProcess(command, OurRunner.threads(threads), true);
        try {
            server.readUrl();
            return server;
        } catch (IOException | RuntimeException e) {
            server.close();
            throw e;
        }
    }

    private void readUrl() throws IOException {
        BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
        String line = out.readLine();
        if (line == null) {
            throw new IOException("the server ended before it served" + tail());
        }
        try {
            JsonNode said = JsonMapper.shared().readTree(line);
            if (said.has("error")) {
                throw new IOException(said.get("error").asString());
            }
            url = said.get("url").asString();
        } catch (JacksonException e) {
            throw new IOException("the server said neither where it is nor what is wrong: " + line, e);
        }
    }

    /**
     * Another server, of which {@code /health} answers 200 once it serves.
     *
     * @param command that starts it, without host and port
     */
    static ServerProcess other(List<String> command, Map<String, String> environment)
            throws IOException, InterruptedException {
        int port = freePort();
        List<String> all = new ArrayList<>(command);
        all.addAll(List.of("--host", "127.0.0.1", "--port", Integer.toString(port)));
        ServerProcess server = new ServerProcess(all, environment, false);
        server.url = "http://127.0.0.1:" + port;
        try {
            server.awaitHealth();
            return server;
        } catch (IOException | InterruptedException | RuntimeException e) {
            server.close();
            throw e;
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private void awaitHealth() throws IOException, InterruptedException {
        long until = System.nanoTime() + START.toNanos();
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpRequest ask = HttpRequest.newBuilder(URI.create(url + "/health"))
                    .timeout(Duration.ofSeconds(10))
                    .build();
            while (System.nanoTime() - until < 0) {
                if (!process.isAlive()) {
                    throw new IOException("the server ended with code " + process.exitValue() + tail());
                }
                try {
                    if (client.send(ask, BodyHandlers.discarding()).statusCode() == 200) {
                        return;
                    }
                } catch (IOException e) {
                    // it does not listen yet
                }
                TimeUnit.MILLISECONDS.sleep(100);
            }
        }
        throw new IOException("the server was not healthy within " + START.toMinutes() + " minutes" + tail());
    }

    private String tail() throws IOException {
        String said = ChildProcess.tail(log);
        return said.isEmpty() ? "" : ": " + said;
    }

    /** What failed while it was asked, and what it said last itself. */
    IOException failed(IOException problem) throws IOException {
        String end = process.isAlive() ? "the server said last" : "the server ended with code " + process.exitValue();
        return new IOException(problem.getMessage() + "; " + end + tail(), problem);
    }

    /** Where it listens. */
    public String url() {
        return url;
    }

    private static void end(Process process) {
        List<ProcessHandle> children = process.descendants().toList();
        process.destroy();
        try {
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        children.forEach(ProcessHandle::destroyForcibly);
    }

    @Override
    public void close() {
        end(process);
        try {
            Runtime.getRuntime().removeShutdownHook(reaper);
        } catch (IllegalStateException e) {
            // this process ends, and the hook runs
        }
        try {
            Files.deleteIfExists(log);
        } catch (IOException e) {
            log.toFile().deleteOnExit();
        }
    }
}
