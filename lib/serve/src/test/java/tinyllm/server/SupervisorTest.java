package tinyllm.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tinyllm.server.http.Wire;

/** Two real processes, and what is left of them when one is killed. */
@Tag("slow")
@Timeout(120)
class SupervisorTest {

    private static final Path TINY =
            Path.of("..", "core", "src", "test", "resources", "checkpoints", "qwen2-tied-bf16");

    @TempDir
    Path reports;

    private Process supervisor;
    private BufferedReader out;
    private int port;

    @BeforeEach
    void start() throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        for (String flag : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            if (!flag.startsWith("-javaagent") && !flag.startsWith("-XX:ErrorFile") && !flag.startsWith("-Xmx")) {
                command.add(flag);
            }
        }
        command.addAll(List.of(
                "-Xmx512m", "-XX:-CreateCoredumpOnCrash", "-XX:ErrorFile=" + reports.resolve("hs_err_pid%p.log")));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), SupervisedMain.class.getName()));
        command.addAll(List.of(TINY.toAbsolutePath().toString(), "0"));
        supervisor = new ProcessBuilder(command)
                .redirectError(reports.resolve("log").toFile())
                .start();
        out = supervisor.inputReader();
    }

    @AfterEach
    void end() {
        supervisor.descendants().forEach(ProcessHandle::destroyForcibly);
        supervisor.destroyForcibly();
    }

    private void awaitServing() throws IOException {
        String line = out.readLine();
        while (line != null && !line.startsWith("port ")) {
            line = out.readLine();
        }
        assertThat(line).as(Files.readString(reports.resolve("log"))).isNotNull();
        port = Integer.parseInt(line.substring(5));
    }

    private ProcessHandle child() {
        return supervisor.children().findFirst().orElseThrow();
    }

    private int status(String request) throws IOException {
        try (Wire wire = Wire.open(port).send(request)) {
            return wire.answer().status();
        }
    }

    private static String text() {
        return Wire.post(TextProtocol.PATH, TextProtocol.request("hello", 4, false));
    }

    private static void kill(String signal, long pid) throws Exception {
        assertThat(new ProcessBuilder("kill", signal, Long.toString(pid))
                        .start()
                        .waitFor())
                .isZero();
    }

    @Test
    void aDeadChildIsReplacedAndADeadSupervisorTakesItsChildAlong() throws Exception {
        awaitServing();
        assertThat(status(text())).isEqualTo(200);
        ProcessHandle first = child();
        kill("-SEGV", first.pid());
        first.onExit().get(30, TimeUnit.SECONDS);
        long died = System.nanoTime();
        Wire.Answer refused = null;
        while (refused == null) {
            try (Wire wire = Wire.open(port).send(Wire.get("/ready"))) {
                refused = wire.answer();
            } catch (IOException e) {
                TimeUnit.MILLISECONDS.sleep(5);
            }
        }
        assertThat((System.nanoTime() - died) / 1e9).isLessThan(1.0);
        assertThat(refused.status()).isEqualTo(503);
        assertThat(Integer.parseInt(refused.header("Retry-After"))).isPositive();
        assertThat(reports.resolve("hs_err_pid" + first.pid() + ".log")).exists();
        assertThat(longestSilence()).as("seconds in which nobody had the port").isLessThan(1.0);
        awaitServing();
        assertThat(status(text())).isEqualTo(200);
        assertThat(reports.resolve("log")).content().contains(" died ", "hs_err_pid" + first.pid());

        ProcessHandle second = child();
        kill("-KILL", supervisor.pid());
        second.onExit().get(5, TimeUnit.SECONDS);
    }

    /** Asks until there is an answer of the model, and says how long nobody answered at most. */
    private double longestSilence() throws InterruptedException {
        long last = System.nanoTime();
        double longest = 0;
        for (boolean serves = false; !serves; TimeUnit.MILLISECONDS.sleep(10)) {
            try {
                serves = status(Wire.get("/ready")) == 200;
                longest = Math.max(longest, (System.nanoTime() - last) / 1e9);
                last = System.nanoTime();
            } catch (IOException e) {
                // nobody there
            }
        }
        return longest;
    }

    @Test
    void beingToldToEndItDrains() throws Exception {
        awaitServing();
        try (Wire wire = Wire.open(port)) {
            wire.send(Wire.post(TextProtocol.PATH, TextProtocol.request("hello", 240, true)));
            assertThat(wire.head()).startsWith("HTTP/1.1 200");
            kill("-TERM", supervisor.pid());
            assertThat(wire.chunks()).endsWith("data: [DONE]\n\n");
        }
        assertThat(supervisor.waitFor(20, TimeUnit.SECONDS)).isTrue();
    }
}
