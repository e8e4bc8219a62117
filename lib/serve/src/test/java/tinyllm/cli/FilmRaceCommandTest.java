package tinyllm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

class FilmRaceCommandTest {

    private static final String TINY_TWO =
            Lab.CHECKPOINTS.resolve("qwen2-untied-f16").toString();

    @Test
    void aRealRaceBecomesAFilmAndItsLastFrame(@TempDir Path folder) throws IOException {
        Path gif = folder.resolve("new").resolve("race.gif");
        Lab lab = Lab.run(
                        "film",
                        "race",
                        "--models",
                        Lab.TINY + "," + TINY_TWO,
                        "--prompt",
                        "Hello",
                        "--prompt",
                        "Bye",
                        "--max-tokens",
                        "4",
                        "--out",
                        gif.toString(),
                        "--json")
                .succeeds();

        JsonNode json = new ObjectMapper().readTree(lab.out());
        assertThat(json.get("racers").size()).isEqualTo(2);
        for (JsonNode racer : json.get("racers")) {
            double tokens = racer.get("tokens").asInt();
            assertThat(tokens).isBetween(0.0, 8.0);
            assertThat(racer.get("done_s").asDouble()).isPositive();
        }
        assertThat(json.get("text").asString()).startsWith("A race, at the pace of life: ");
        assertThat(ImageIO.read(folder.resolve("new").resolve("race.png").toFile())
                        .getWidth())
                .isGreaterThan(1_400);
        ImageReader reader = ImageIO.getImageReadersByFormatName("gif").next();
        try (ImageInputStream in = ImageIO.createImageInputStream(gif.toFile())) {
            reader.setInput(in);
            assertThat(reader.getNumImages(true)).isPositive();
        } finally {
            reader.dispose();
        }
    }

    @Test
    void textNamesBothFiles(@TempDir Path folder) {
        Path gif = folder.resolve("race.gif");
        Lab lab = Lab.run(
                        "film",
                        "race",
                        "--models",
                        Lab.TINY + "," + Lab.TINY,
                        "--max-tokens",
                        "2",
                        "--out",
                        gif.toString())
                .succeeds();

        assertThat(lab.out()).contains(gif.toString(), "race.png", "(1)", "(2)", "tokens/s");
        assertThat(Files.exists(gif)).isTrue();
    }

    @Test
    void aModelThatIsNotThere() {
        Lab.run("film", "race", "--models", "no-such-model," + Lab.TINY).failsWith(2, "no-such-model");
    }
}
