package tinyllm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class ModelsCommandTest {

    @Test
    void json() {
        JsonNode models = Lab.run("models", "--json").succeeds().json("models").get("models");
        assertThat(models.valueStream().map(m -> m.get("name").asString()))
                .contains("qwen2.5-coder-0.5b", "smollm2-135m", "qwen3-0.6b");
        for (JsonNode model : models) {
            JsonNode path = model.get("path");
            assertThat(path.isNull() || Files.exists(Path.of(path.asString()))).isTrue();
        }
    }

    @Test
    void table() {
        assertThat(Lab.run("models").succeeds().out()).contains("smollm2-135m", "Apache-2.0", "./lab models fetch");
    }

    @Test
    void fetchOfUnknownNameOffersNearOnes() {
        Lab.run("models", "fetch", "smolm2").failsWith(2, "there is no model \"smolm2\"", "smollm2-135m");
    }

    @Test
    void sizes() {
        assertThat(Bytes.text(0)).isEqualTo("0 bytes");
        assertThat(Bytes.text(999)).isEqualTo("999 bytes");
        assertThat(Bytes.text(999_600)).isEqualTo("1.00 MB");
        assertThat(Bytes.text(98_400_000)).isEqualTo("98.4 MB");
        assertThat(Bytes.text(491_400_032)).isEqualTo("491 MB");
        assertThat(Bytes.text(-1)).isEqualTo("unknown");
    }
}
