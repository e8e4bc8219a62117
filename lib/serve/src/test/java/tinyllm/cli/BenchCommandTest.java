package tinyllm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

@Tag("slow")
class BenchCommandTest {

    @ParameterizedTest
    @ValueSource(strings = {"prefill", "decode"})
    void freshProcesses(String what) {
        JsonNode report = Lab.run(
                        "bench",
                        what,
                        "--model",
                        Lab.TINY,
                        "--rounds",
                        "2",
                        "--prompt-tokens",
                        "12",
                        "--tokens",
                        "3",
                        "--json")
                .succeeds()
                .json("bench");
        assertThat(report.get("what").asString()).isEqualTo(what);
        assertThat(report.get("engines").size()).isEqualTo(1);
        assertThat(report.get("engines").get(0).get("samples").size()).isEqualTo(2);
        assertThat(report.get("engines")
                        .get(0)
                        .get("samples")
                        .get(0)
                        .get("weight_bytes")
                        .asLong())
                .isPositive();
    }

    @ParameterizedTest
    @ValueSource(strings = {"attention", "kernels"})
    void operations(String what) {
        JsonNode report = Lab.run("bench", what, "--rounds", "1", "--threads", "1", "--json")
                .succeeds()
                .json("bench-operations");
        assertThat(report.get("what").asString()).isEqualTo(what);
        assertThat(report.get("results").valueStream().map(r -> r.get("variant").asString()))
                .anyMatch(variant -> variant.startsWith("own"));
    }
}
