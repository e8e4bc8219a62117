package tinyllm.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tech.tablesaw.api.Table;
import tinyllm.cache.GrowingKvArrays;
import tinyllm.engine.Generator;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;
import tinyllm.model.Models;
import tinyllm.profile.Work;

/** What chapter 2.1 draws is what was measured. */
class CacheViewsTest {

    private static final Path TINY = Path.of("../core/src/test/resources/checkpoints/qwen2-tied-bf16");
    private static CausalLm model;

    @BeforeAll
    static void load() {
        model = Models.load(TINY.toString());
    }

    @Test
    void aCacheGrowsByWhatItsTokensNeed() {
        AtomicInteger begun = new AtomicInteger();
        Picture picture = CacheGrowth.of(
                model,
                () -> {
                    begun.incrementAndGet();
                    return new GrowingKvArrays();
                },
                "Hello",
                80);

        double kb = model.config().kvBytesPerToken(4) / 1e3;
        assertThat(picture.text()).contains("80 tokens of %.1f kB fill".formatted(kb), "grown 1 time");
        assertThat(begun).hasValue(1);
    }

    @Test
    void nothingToWriteIsRefused() {
        assertThatThrownBy(() -> CacheGrowth.of(model, GrowingKvArrays::new, "Hello there", 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("nothing to write");
        assertThatThrownBy(() -> CacheSpeed.of(model, GrowingKvArrays::new, 8))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("two lengths or more");
        assertThatThrownBy(() -> TokenTimes.of(model, "Hello", 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("2 or more");
    }

    @Test
    void speedHasAPointForEachLength() {
        CacheSpeed speed = CacheSpeed.of(model, GrowingKvArrays::new, 4, 32);

        assertThat(speed.points()).extracting(CacheSpeed.Point::tokens).containsExactly(4, 32);
        assertThat(speed.points())
                .allSatisfy(p -> assertThat(p.perSecondWith()).isCloseTo(1e3 / p.msWith(), within(1e-6)));
        assertThat(speed.exponentWithout()).isFinite();
        assertThat(speed.chart().text()).contains("After 32 tokens the cache makes", "n^");
    }

    @Test
    void theSecondTurnReadsLessThanItsPrompt() {
        Table turns = Turns.of(new Generator(model), 3, "Hello", "And now?");

        assertThat(turns.rowCount()).isEqualTo(2);
        assertThat(turns.intColumn("tokensRead").get(1))
                .isLessThan(turns.intColumn("promptTokens").get(1));
    }

    @Test
    void aStepsWorkIsCounted() {
        Work one = StepWork.of(model, 1, 0);
        Work many = StepWork.of(model, 64, 0);

        double weights = one.bytes() - model.config().kvBytesPerToken(4);
        assertThat(one.flops() / 2).isCloseTo(weights / 4, within(weights / 20));
        assertThat(many.intensity()).isGreaterThan(20 * one.intensity());
        assertThat(StepWork.of(model, 1, 9).bytes() - one.bytes())
                .isEqualTo(9.0 * model.config().kvBytesPerToken(4));
    }

    @Test
    void theRoofHasTwoSlopes() {
        Roofline roof = Roofline.of(100, 20);

        assertThat(roof.ridge()).isEqualTo(5);
        assertThat(roof.attainable(0.5)).isEqualTo(10);
        assertThat(roof.attainable(50)).isEqualTo(100);
        roof.with("half", new Work(2e9, 4e9), 400);
        assertThat(roof.points().getFirst().percentOfRoof()).isCloseTo(50, within(1e-9));
        assertThat(roof.chart().text()).contains("half reaches 5.00 GFLOP/s", "roof: 20.0 GB/s, then 100 GFLOP/s");
    }
}
