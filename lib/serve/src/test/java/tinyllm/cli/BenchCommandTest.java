package tinyllm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

@Tag("slow")
class BenchCommandTest {

    @ParameterizedTest
    @ValueSource(strings = {"prefill", "decode"})
    void freshProcesses(String what) {
        List<String> words = new ArrayList<>(List.of("bench", what, "--model", Lab.TINY, "--json"));
        words.addAll(List.of("--rounds", "2", "--prompt-tokens", "12"));
        if (what.equals("decode")) {
            words.addAll(List.of("--tokens", "3"));
        }
        JsonNode report = Lab.run(words.toArray(String[]::new)).succeeds().json("bench");
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

    @Test
    void course(@TempDir Path folder) throws IOException {
        Path png = folder.resolve("charts").resolve("course.png");
        JsonNode report = Lab.run(
                        "bench",
                        "course",
                        "--model",
                        Lab.CHECKPOINTS.resolve("mlx-q8-g64").toString(),
                        "--prompt-tokens",
                        "12",
                        "--tokens",
                        "4",
                        "--requests",
                        "2",
                        "--threads",
                        "1",
                        "--out",
                        png.toString(),
                        "--json")
                .succeeds()
                .json("bench-course");
        assertThat(report.get("stages").valueStream().map(s -> s.get("name").asString()))
                .containsExactly(
                        "week1",
                        "kv-cache",
                        "quantized",
                        "small-kernels",
                        "flash-attention",
                        "batching",
                        "chunked-prefill",
                        "paged",
                        "prefix-cache");
        JsonNode first = report.get("stages").get(0);
        JsonNode last = report.get("stages").get(8);
        assertThat(first.get("features").isEmpty()).isTrue();
        assertThat(first.get("over_week1").asDouble()).isEqualTo(1);
        assertThat(last.get("features").size()).isEqualTo(8);
        assertThat(last.get("weight_bytes").asLong())
                .isLessThan(first.get("weight_bytes").asLong());
        JsonNode variants = report.get("stages").get(3).get("samples").get(0).get("variants");
        assertThat(variants.get("attention").asString()).isEqualTo("array operations");
        assertThat(variants.get("rows").asString()).contains("own");
        assertThat(Files.size(png)).isGreaterThan(1000);
    }

    private static JsonNode batch(Path png, String only, String... more) {
        List<String> words =
                new ArrayList<>(List.of("bench", "batch", "--only", only, "--out", png.toString(), "--json"));
        words.addAll(List.of("--rounds", "1", "--threads", "1"));
        words.addAll(List.of("--model", Lab.CHECKPOINTS.resolve("mlx-q4-g64").toString()));
        words.addAll(List.of(more));
        return Lab.run(words.toArray(String[]::new)).succeeds().json("bench-batch");
    }

    private static BufferedImage image(Path png) throws IOException {
        assertThat(Files.readAllBytes(png)).startsWith(0x89, 'P', 'N', 'G');
        return ImageIO.read(png.toFile());
    }

    /** A panel for each part that ran, the continuous one's waste beside it. */
    @Test
    void batchDrawsItsParts(@TempDir Path folder) throws IOException {
        Path png = folder.resolve("charts").resolve("batch.png");
        JsonNode report = batch(png, "at-once,continuous,gap,prefix,overhead,constraint,cache", "--requests", "2");
        assertThat(report.get("png").asString()).isEqualTo(png.toString());
        assertThat(report.at("/at_once/requests").asInt()).isEqualTo(2);
        assertThat(report.at("/continuous/slots").asInt()).isEqualTo(2);
        assertThat(report.at("/continuous/samples/continuous/rows").size()).isGreaterThan(16);
        assertThat(report.at("/cache/share_of_bytes").asDouble()).isBetween(0.5, 0.65);
        assertThat(report.at("/cache/mean_difference").asDouble()).isBetween(1e-7, 0.5);
        assertThat(report.at("/cache/samples").size()).isEqualTo(255);
        assertThat(report.has("scheduler")).isFalse();
        BufferedImage all = image(png);
        assertThat(all.getHeight()).isGreaterThan(3 * 2 * 320);
    }

    @Test
    void batchWithoutAModel(@TempDir Path folder) throws IOException {
        Path png = folder.resolve("scheduler.png");
        JsonNode report = batch(png, "scheduler");
        assertThat(report.get("scheduler").size()).isEqualTo(3);
        assertThat(image(png).getHeight()).isLessThan(2 * 2 * 320);
    }

    /** The load's command starts the server itself, as its users would. */
    @Test
    void serve(@TempDir Path folder) throws IOException {
        JsonNode report = Lab.run(
                        "bench",
                        "serve",
                        "--model",
                        Lab.TINY,
                        "--api",
                        "completions",
                        "--ignore-eos",
                        "--requests",
                        "6",
                        "--rate",
                        "20",
                        "--prompt-tokens",
                        "8..16",
                        "--tokens",
                        "5",
                        "--threads",
                        "1",
                        "--out",
                        folder.toString(),
                        "--json")
                .succeeds()
                .json("bench-serve");
        assertThat(report.get("answered").asInt()).isEqualTo(6);
        assertThat(report.get("tokens").asInt()).isEqualTo(30);
        assertThat(report.get("samples").size()).isEqualTo(6);
        assertThat(report.get("model").asString()).isEqualTo("qwen2-tied-bf16");
        for (JsonNode chart : report.get("charts")) {
            assertThat(Files.size(Path.of(chart.asString()))).isGreaterThan(1000);
        }
    }

    @Test
    void serveWithoutAServer() {
        Lab lab = Lab.run("bench", "serve", "--url", "http://127.0.0.1:9");
        assertThat(lab.code()).isEqualTo(CommandException.FAILED);
        assertThat(lab.err()).endsWith("lab: no server answers at http://127.0.0.1:9\n");
    }

    @Test
    void serveBesideItsEngine() {
        Lab lab = Lab.run(
                        "bench",
                        "serve",
                        "--vs",
                        "engine",
                        "--model",
                        Lab.TINY,
                        "--rounds",
                        "1",
                        "--clients",
                        "2",
                        "--requests",
                        "4",
                        "--prompt-tokens",
                        "12",
                        "--tokens",
                        "4",
                        "--threads",
                        "1",
                        "--json")
                .succeeds();
        JsonNode engine = new ObjectMapper().readTree(lab.out()).get("engine");
        assertThat(engine.get("share").asDouble())
                .isEqualTo(engine.get("http_tokens_per_s").asDouble()
                        / engine.get("engine_tokens_per_s").asDouble());
        assertThat(engine.get("added_ms").asDouble()).isGreaterThan(-50);
        assertThat(engine.at("/samples/engine/first_token_ms").size()).isEqualTo(19);
    }
}
