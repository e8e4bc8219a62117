package tinyllm.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tinyllm.engine.Completion;
import tinyllm.engine.Generator;
import tinyllm.lab.view.Film;
import tinyllm.model.CausalLm;
import tinyllm.model.Models;
import tinyllm.sampling.SamplingParams;

class ColoredTextTest {

    private static final Path TINY = Path.of("../core/src/test/resources/checkpoints/qwen2-tied-bf16");
    private static CausalLm model;

    @BeforeAll
    static void load() {
        model = Models.load(TINY.toString());
    }

    @Test
    void greedyTokensAreOfRankOne() {
        ColoredText told = ColoredText.of(model, new Generator(model), "Hello", 6);

        assertThat(count(told.html(), "rank 1 of 2")).isEqualTo(told.size()).isPositive();
        assertThat(told.html()).contains("title=", "best: ");
        assertThat(told.text()).contains(told.size() + " tokens, mean probability");
    }

    @Test
    void probabilitiesAreThoseOfTheLoop() {
        Generator generator = new Generator(model);
        Completion run = generator.chat("Hello", SamplingParams.GREEDY, 1, piece -> {});
        double percent = 100 * Math.exp(run.logprobs().getFirst());

        String html = ColoredText.of(model, generator, "Hello", 1).html();

        Matcher shown = Pattern.compile("title=\"([0-9.]+) %").matcher(html);
        assertThat(shown.find()).isTrue();
        assertThat(Double.parseDouble(shown.group(1))).isCloseTo(percent, org.assertj.core.api.Assertions.within(0.06));
    }

    @Test
    void sampledTokensHaveTheRankTheyHad() {
        SamplingParams hot = new SamplingParams(2, 0, 1, 0, 1, 7);
        ColoredText told = ColoredText.of(model, new Generator(model), hot, "Hello", 8);

        assertThat(count(told.html(), "rank 1 of 2")).isLessThan(told.size());
        Matcher ranks = Pattern.compile("rank ([0-9,]+) of").matcher(told.html());
        while (ranks.find()) {
            assertThat(Integer.parseInt(ranks.group(1).replace(",", ""))).isBetween(1, 263);
        }
    }

    @Test
    void theFilmGrowsTokenByToken() {
        ColoredText told = ColoredText.of(model, new Generator(model), "Hello", 5);

        Film film = told.film();

        assertThat(film.text()).startsWith("A film of " + told.size() + " tokens: ");
        assertThat(film.gif()).startsWith('G', 'I', 'F');
        assertThat(film.width()).isBetween(500, 620);
    }

    private static int count(String text, String part) {
        return text.split(Pattern.quote(part), -1).length - 1;
    }
}
