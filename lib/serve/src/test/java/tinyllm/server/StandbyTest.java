package tinyllm.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tinyllm.server.http.ApiKey;
import tinyllm.server.http.HttpSettings;
import tinyllm.server.http.Wire;

/** Nobody hears that a path is not there, only because the model is not. */
class StandbyTest {

    private static final String BODY = "{}";

    private static Wire.Answer ask(HttpSettings settings, String request) throws IOException {
        try (Standby standby = Standby.start(settings, "the model is being loaded", 5);
                Wire wire = Wire.open(standby.port()).send(request)) {
            return wire.answer();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/",
                "/page.js",
                "/page.css",
                "/health",
                "/ready",
                "/metrics",
                "/live",
                "/openapi.json",
                "/v1/models",
                "/v1/models/qwen2.5-coder-0.5b"
            })
    void everythingIsThereLater(String path) throws IOException {
        Wire.Answer answer = ask(HttpSettings.loopback(0), Wire.get(path));
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.header("Retry-After")).isEqualTo("5");
        assertThat(answer.body()).contains("the model is being loaded", "\"unavailable\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/v1/chat/completions", "/v1/completions", "/v1/responses", TextProtocol.PATH})
    void andSoIsWhatIsAsked(String path) throws IOException {
        Wire.Answer answer = ask(HttpSettings.loopback(0), Wire.post(path, BODY));
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.header("Retry-After")).isEqualTo("5");
    }

    @Test
    void theDoorIsAsNarrowAsEver() throws IOException {
        HttpSettings settings = HttpSettings.loopback(0).apiKey(ApiKey.of("a-secret-key"));
        assertThat(ask(settings, Wire.get("/v1/models/tiny")).status()).isEqualTo(401);
        assertThat(ask(settings, Wire.get("/health")).status()).isEqualTo(503);
        assertThat(ask(settings, "GET /page.js HTTP/1.1\r\nHost: evil.com\r\n\r\n")
                        .status())
                .isEqualTo(403);
    }
}
