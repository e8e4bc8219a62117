package tinyllm.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tinyllm.engine.EngineOptions;
import tinyllm.model.CausalLm;
import tinyllm.model.Models;
import tinyllm.server.http.HttpSettings;
import tinyllm.server.http.Wire;

/** The child's own logic, without a process: its supervisor is a pair of pipes. */
@Tag("slow")
@Timeout(60)
class ChildTest {

    private static final Path TINY =
            Path.of("..", "core", "src", "test", "resources", "checkpoints", "qwen2-tied-bf16");

    private final LinkedBlockingQueue<Integer> codes = new LinkedBlockingQueue<>();
    private final AtomicBoolean hangs = new AtomicBoolean();

    private ApiServer server(CausalLm model, int port) throws java.io.IOException {
        EngineOptions options = EngineOptions.standard()
                .withStepLimit(Duration.ofSeconds(1))
                .with(step -> {
                    while (hangs.get()) {
                        LockSupport.parkNanos(1_000_000); // deaf to interrupts, as a native call is
                    }
                });
        return ApiServer.start(model, options, HttpSettings.loopback(port), new TextProtocol());
    }

    @Test
    void aStepThatNeverReturnsEndsTheProcess() throws Exception {
        CausalLm model = Models.load(TINY.toString());
        try (PipedOutputStream orders = new PipedOutputStream();
                PipedInputStream reports = new PipedInputStream();
                Said said = new Said()) {
            PrintStream out = new PrintStream(new PipedOutputStream(reports), true, UTF_8);
            Child child = new Child(new PipedInputStream(orders), out, codes::add);
            Thread serving = Thread.ofPlatform().daemon().start(() -> {
                try {
                    child.serve(port -> server(model, port), Duration.ZERO, Duration.ofMillis(300));
                } catch (java.io.IOException | InterruptedException e) {
                    codes.add(-1);
                }
            });
            BufferedReader lines = new BufferedReader(new InputStreamReader(reports, UTF_8));
            assertThat(lines.readLine()).isEqualTo(Child.LOADED);
            orders.write((Child.LISTEN + "0\n").getBytes(UTF_8));
            orders.flush();
            int port = Integer.parseInt(lines.readLine().substring(Child.LISTENING.length()));
            try (Wire wire = Wire.open(port)) {
                wire.send(Wire.post(TextProtocol.PATH, TextProtocol.request("warm", 2, false)));
                assertThat(wire.answer().status()).isEqualTo(200);
                hangs.set(true);
                wire.send(Wire.post(TextProtocol.PATH, TextProtocol.request("hello", 9, false)));
                assertThat(codes.poll(10, TimeUnit.SECONDS)).isEqualTo(Child.STUCK);
                assertThat(said.text())
                        .contains("the engine is hanging", "does not come back", "ends with code " + Child.STUCK);
            } finally {
                hangs.set(false);
            }
            orders.write((Child.STOP + "\n").getBytes(UTF_8));
            orders.flush();
            serving.join();
        }
        assertThat(codes.poll(10, TimeUnit.SECONDS))
                .as("its supervisor's pipe ended")
                .isEqualTo(1);
    }
}
