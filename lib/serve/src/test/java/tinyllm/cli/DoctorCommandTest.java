package tinyllm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

class DoctorCommandTest {

    @Test
    void json() {
        Lab lab = Lab.run("doctor", "--json");
        JsonNode doctor = lab.json("doctor");
        assertThat(doctor.get("checks").valueStream().map(c -> c.get("name").asString()))
                .contains("JDK", "C++ compiler", "device", "bf16", "CPU", "memory", "models");
        boolean missing = doctor.get("checks")
                .valueStream()
                .anyMatch(c -> c.get("verdict").asString().equals("missing"));
        assertThat(doctor.get("healthy").asBoolean()).isEqualTo(!missing);
        assertThat(lab.code()).isEqualTo(missing ? 1 : 0);
        doctor.get("checks")
                .forEach(c -> assertThat(c.get("advice").isNull())
                        .as(c.toString())
                        .isEqualTo(c.get("verdict").asString().equals("ok")));
    }

    @Test
    void text() {
        assertThat(Lab.run("doctor").out()).contains("JDK", "bf16");
    }

    @Test
    void reportIsMarkdownThatSaysNothingOfItsOwner() throws IOException {
        Lab lab = Lab.run("doctor", "--report");

        assertThat(lab.err()).isEmpty();
        assertThat(lab.out()).startsWith("### Tiny LLM Lab").contains("| JDK |", "- cores: ", "- system: ");
        List<String> rows = lab.out().lines().filter(l -> l.startsWith("|")).toList();
        assertThat(rows)
                .hasSizeGreaterThan(8)
                .allMatch(row ->
                        row.replace("\\|", "").chars().filter(c -> c == '|').count() == 5);
        assertThat(lab.out()).doesNotContain(System.getenv().getOrDefault("HOME", "/nowhere") + "/");
        assertThat(Lab.run("doctor", "--report", "--scan", Lab.TINY).code()).isEqualTo(2);
    }

    @Test
    void redaction() {
        Redaction redaction = new Redaction(
                Map.of("/home/anna", "~", "/home/anna/tiny", "CLONE"), List.of("anna", "al"), List.of("annas-box"));

        assertThat(redaction.apply(
                        "/home/anna/tiny/x and /home/anna/y, /Users/bob/z; anna on annas-box runs annabel, algol"))
                .isEqualTo("CLONE/x and ~/y, ~/z; USER on HOST runs annabel, algol");
    }

    @Test
    void scanOfWholeModel() {
        JsonNode scan =
                Lab.run("doctor", "--scan", Lab.TINY, "--json").succeeds().json("scan");
        assertThat(scan.get("bad").size()).isZero();
        assertThat(scan.get("tensors").asInt()).isEqualTo(26);
    }

    @Test
    void scanFindsTheBrokenTensor(@TempDir Path folder) throws IOException {
        String broken = "model.layers.1.mlp.up_proj.weight";
        copyWithNaN(Path.of(Lab.TINY), folder, broken);
        Lab lab = Lab.run("doctor", "--scan", folder.toString(), "--json");
        assertThat(lab.code()).isEqualTo(1);
        JsonNode bad = lab.json("scan").get("bad");
        assertThat(bad.size()).isEqualTo(1);
        assertThat(bad.get(0).get("name").asString()).isEqualTo(broken);
        assertThat(bad.get(0).get("nan").asInt()).isEqualTo(1);
        assertThat(bad.get(0).get("infinite").asInt()).isEqualTo(1);

        Lab run = Lab.run("logprobs", "--model", folder.toString(), "--tokens", "1,2");
        run.failsWith(1, "not finite", "./lab doctor --scan");
        Lab text = Lab.run("generate", "--model", folder.toString(), "--prompt", "x", "--raw", "--max-tokens", "2");
        text.failsWith(1, "layers.1.mlp");
    }

    @Test
    void scanOfNothing() {
        Lab.run("doctor", "--scan", "no-such-model").failsWith(2, "no-such-model");
    }

    /** Writes one bfloat16 NaN and one infinity into a tensor of a safetensors file. */
    private static void copyWithNaN(Path from, Path to, String tensor) throws IOException {
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(file.getFileName()));
            }
        }
        Path weights = to.resolve("model.safetensors");
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(weights)).order(ByteOrder.LITTLE_ENDIAN);
        int header = Math.toIntExact(bytes.getLong(0));
        JsonNode entry = new ObjectMapper()
                .readTree(new String(bytes.array(), 8, header, java.nio.charset.StandardCharsets.UTF_8))
                .get(tensor);
        int at = 8 + header + entry.get("data_offsets").get(0).asInt();
        bytes.putShort(at, (short) 0x7FC0).putShort(at + 2, (short) 0xFF80);
        Files.write(weights, bytes.array());
    }
}
