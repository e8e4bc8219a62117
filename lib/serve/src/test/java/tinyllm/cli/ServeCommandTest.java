package tinyllm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tinyllm.server.http.Wire;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The command as its users start it: two processes, the real protocol, a tiny random model. */
@Tag("slow")
@Timeout(120)
class ServeCommandTest {

    @TempDir
    Path folder;

    private Process serve(String... more) throws IOException {
        List<String> flags = List.of("-Xmx512m", "--add-modules", "jdk.incubator.vector");
        return Serving.start(folder.resolve("log"), flags, more);
    }

    private static JsonNode line(BufferedReader out) throws IOException {
        return JsonMapper.shared().readTree(out.readLine());
    }

    @Test
    void servesUntilItIsToldToEnd() throws Exception {
        Path key = Files.writeString(folder.resolve("key"), "a-key-for-this-test\n");
        Path trace = folder.resolve("trace.json");
        Process process = serve(
                "--model",
                Lab.TINY,
                "--name",
                "tiny",
                "--api-key-file",
                key.toString(),
                "--solution",
                "mine",
                "--trace",
                trace.toString());
        try (BufferedReader out = process.inputReader()) {
            JsonNode said = line(out);
            assertThat(said.get("model").asString()).isEqualTo("tiny");
            String url = said.get("url").asString();
            assertThat(url).startsWith("http://127.0.0.1:");
            int port = Integer.parseInt(url.substring(url.lastIndexOf(':') + 1));
            String mine = "Authorization: Bearer a-key-for-this-test";
            try (Wire wire = Wire.open(port)) {
                assertThat(wire.send(Wire.get("/health")).answer().status()).isEqualTo(200);
                assertThat(wire.send(Wire.get("/v1/models")).answer().status()).isEqualTo(401);
                assertThat(wire.send(Wire.get("/v1/models", mine)).answer().body())
                        .contains("\"id\":\"tiny\"");
                String body = "{\"model\":\"tiny\",\"prompt\":\"hello secret words\",\"max_tokens\":4}";
                Wire.Answer answer = wire.send(Wire.post("/v1/completions", body, mine, "X-Request-Id: my-own-id"))
                        .answer();
                assertThat(answer.status()).isEqualTo(200);
                assertThat(answer.body()).contains("\"completion_tokens\":4");
            }
            process.destroy(); // SIGTERM
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(folder.resolve("log"))
                    .content()
                    .contains("my-own-id POST /v1/completions 200")
                    .doesNotContain("secret words", "a-key-for-this-test");
            assertThat(JsonMapper.shared()
                            .readTree(trace)
                            .get("traceEvents")
                            .valueStream()
                            .map(event -> event.get("name").asString()))
                    .contains("model", "request 0 ended: length");
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    @Test
    void aModelThatIsNotThereIsSaidOnce() throws Exception {
        Process process = serve("--model", "no-such-model");
        try (BufferedReader out = process.inputReader()) {
            assertThat(line(out).get("error").asString()).contains("no-such-model");
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isEqualTo(2);
        }
    }
}
