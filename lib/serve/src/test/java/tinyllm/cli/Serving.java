package tinyllm.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import tinyllm.server.http.Wire;
import tools.jackson.databind.json.JsonMapper;

/** {@code ./lab serve} as its users start it: two processes, each with a heap of 192 MB that is there from the start. */
final class Serving implements AutoCloseable {

    private final Process supervisor;
    private final BufferedReader out;
    final int port;

    Serving(Path log, String... options) throws IOException {
        List<String> small =
                List.of("-Xms192m", "-Xmx192m", "-XX:+AlwaysPreTouch", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn");
        supervisor = start(log, small, options);
        out = supervisor.inputReader();
        String said = out.readLine();
        if (said == null || !said.contains("\"url\"")) {
            close();
            throw new IOException("no server: " + said + Files.readString(log));
        }
        String url = JsonMapper.shared().readTree(said).get("url").asString();
        port = Integer.parseInt(url.substring(url.lastIndexOf(':') + 1));
    }

    /**
     * The command alone, on a free port; its output says where it serves.
     *
     * @param log gets what it writes on standard error
     * @param flags of its JVM, and of the child's
     */
    static Process start(Path log, List<String> flags, String... options) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(flags);
        command.add("--enable-native-access=ALL-UNNAMED");
        command.add("-Dorg.bytedeco.javacpp.maxPhysicalBytes=0");
        String cache = System.getProperty("org.bytedeco.javacpp.cachedir");
        if (cache != null) {
            command.add("-Dorg.bytedeco.javacpp.cachedir=" + cache);
        }
        command.addAll(List.of(
                "-cp", System.getProperty("java.class.path"), "tinyllm.cli.Main", "serve", "--port", "0", "--json"));
        command.addAll(List.of(options));
        return new ProcessBuilder(command).redirectError(log.toFile()).start();
    }

    String url() {
        return "http://127.0.0.1:" + port;
    }

    /** The process that holds HTTP and engine. */
    private ProcessHandle child() {
        return supervisor.children().findFirst().orElseThrow();
    }

    /** Bytes that the child holds: those of its heap that are used after a collection, and all outside of the heap. */
    long bytes() throws IOException, InterruptedException {
        Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
        new ProcessBuilder(jcmd.toString(), Long.toString(child().pid()), "GC.run")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor(30, TimeUnit.SECONDS);
        long anonymous = Files.readAllLines(Path.of("/proc/" + child().pid() + "/status")).stream()
                .filter(line -> line.startsWith("RssAnon:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                .findFirst()
                .orElseThrow();
        double heap = metrics().entrySet().stream()
                .filter(e -> e.getKey().startsWith("jvm_memory_used_bytes{area=\"heap\""))
                .mapToDouble(Map.Entry::getValue)
                .sum();
        return anonymous + (long) heap - (192L << 20);
    }

    /** Every number that the server tells, by its name and labels. */
    Map<String, Double> metrics() throws IOException {
        Map<String, Double> all = new TreeMap<>();
        try (Wire wire = Wire.open(port)) {
            for (String line : wire.send(Wire.get("/metrics")).answer().body().split("\n")) {
                int blank = line.lastIndexOf(' ');
                if (!line.startsWith("#") && blank > 0) {
                    all.put(line.substring(0, blank), Double.valueOf(line.substring(blank + 1)));
                }
            }
        }
        return all;
    }

    static double metric(Map<String, Double> metrics, String name) {
        Double value = metrics.get(name);
        if (value == null) {
            throw new AssertionError("no " + name + " in " + metrics);
        }
        return value;
    }

    /** Of requests: "submitted", "finished", "cancelled", "refused" or "failed". */
    long requests(String what) throws IOException {
        return metrics()
                .getOrDefault("tinyllm_requests_" + what + "_total", Double.NaN)
                .longValue();
    }

    @Override
    public void close() throws IOException {
        supervisor.descendants().forEach(ProcessHandle::destroyForcibly);
        supervisor.destroyForcibly();
        out.close();
    }
}
