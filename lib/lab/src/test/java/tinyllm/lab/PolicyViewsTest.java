package tinyllm.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import tinyllm.engine.ShortestWithAgeing;
import tinyllm.lab.chart.RequestPainter;
import tinyllm.lab.check.TodoException;

/** What chapter 3.8 draws without a server. */
class PolicyViewsTest {

    private static final BatchRates RATES = new BatchRates(140, 20);

    @Test
    void theLongestWaitFallsWithAgeing() {
        String text = PolicySweep.of(new ShortestWithAgeing(), RATES, 0.9, "none", 0.01, 10, 1000)
                .text();
        assertThat(text).contains("Hardly any ageing: half wait").contains("the longest");
    }

    @Test
    void whatAPolicyThrowsIsThrown() {
        assertThatThrownBy(() -> PolicySweep.of(
                        (waiting, worth) -> {
                            throw new TodoException("order");
                        },
                        RATES,
                        0.9,
                        "none",
                        1,
                        10))
                .isInstanceOf(TodoException.class);
        assertThatThrownBy(() -> PolicySweep.of(new ShortestWithAgeing(), RATES, 1, "none", 1, 10))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void drawsRequestsThatNeverBegan() {
        var bars = List.of(
                new RequestPainter.Bar(0, 0.1, 0.5, 2, false),
                new RequestPainter.Bar(0.2, Double.NaN, Double.NaN, 1, true),
                new RequestPainter.Bar(0.3, 0.4, Double.NaN, Double.NaN, false));
        var picture = RequestPainter.paint("three", List.of(new RequestPainter.Strip("run", bars)));
        assertThat(picture.text()).isEqualTo("three. run: 3 requests, 1 left early.");
        assertThatThrownBy(() -> RequestPainter.paint("none", List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not 0");
    }
}
