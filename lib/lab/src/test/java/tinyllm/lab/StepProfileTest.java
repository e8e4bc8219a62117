package tinyllm.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tinyllm.lab.chart.RoofPainter;
import tinyllm.lab.chart.TimelinePainter;
import tinyllm.model.CausalLm;
import tinyllm.model.Models;
import tinyllm.profile.LeastWork;
import tinyllm.profile.Roof;

/** What chapter 4.6 draws is what was measured and counted. */
class StepProfileTest {

    private static final Path TINY = Path.of("../core/src/test/resources/checkpoints/qwen2-tied-bf16");
    private static final StepProfile.Ceiling CEILING = new StepProfile.Ceiling(1e9, 1e9);
    private static CausalLm model;

    @BeforeAll
    static void load() {
        model = Models.load(TINY.toString());
    }

    private static StepProfile.Profiler profiler() {
        return StepProfile.of(model, new LeastWork(), new Roof(), CEILING);
    }

    @Test
    void sharesAddUpToAll() {
        StepProfile step = profiler().step(1, 7);

        assertThat(step.rows().stream().mapToDouble(StepProfile.Row::percent).sum())
                .isCloseTo(100, within(1e-6));
        assertThat(step.rows()).extracting(StepProfile.Row::operation).contains("attention", "MLP", "output layer");
        assertThat(step.ms("attention")).isPositive();
        assertThat(step.ms("no such operation")).isZero();
        assertThat(step.chart().text()).contains("decode: ", "measured", "at the roof");
        assertThat(step.timeline().text()).contains("operations, one after the other");
    }

    /** The roof's time of a step is the same work, counted over the whole model by another class. */
    @Test
    void theRoofsTimeIsThatOfTheStepsWork() {
        StepProfile step = profiler().step(1, 0);

        double bytes = StepWork.of(model, 1, 0).bytes();
        assertThat(step.leastMs()).isBetween(bytes / 1e6, 1.3 * bytes / 1e6);
    }

    @Test
    void prefillIsBoundByArithmeticOnThisMachineOfOneByOne() {
        StepProfile step = profiler().step(64, 0);

        assertThat(step.rows())
                .filteredOn(row -> row.operation().equals("MLP"))
                .extracting(StepProfile.Row::boundBy)
                .containsExactly("arithmetic");
        assertThat(StepProfile.roofline(step, profiler().step(1, 3)).chart().text())
                .contains("of the roof", "prefill of 64, ", "decode, ");
    }

    @Test
    void whatCannotBeMeasuredIsRefused() {
        assertThatThrownBy(() -> profiler().step(0, 4))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a step of 0 tokens");
        assertThatThrownBy(() -> new StepProfile.Ceiling(0, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("above 0");
        assertThatThrownBy(StepProfile::roofline).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> RoofPainter.paint("t", 1, 1, List.of(), List.of(), "t"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> TimelinePainter.paint("t", "ms", List.of(), List.of(), "t"))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
