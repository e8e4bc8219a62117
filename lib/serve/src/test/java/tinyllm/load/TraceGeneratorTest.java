package tinyllm.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import tinyllm.engine.Simulation.Request;

class TraceGeneratorTest {

    private static List<Request> requests(TraceGenerator trace, int count) {
        List<Request> all = new ArrayList<>();
        trace.requests(count).forEachRemaining(all::add);
        return all;
    }

    @Test
    void equalSeedsGiveEqualRequests() {
        var trace = new TraceGenerator(4, 10, Lengths.uniform(1, 9), Lengths.logUniform(16, 256), 3);
        assertThat(requests(trace, 500)).isEqualTo(requests(trace, 500)).hasSize(500);
        assertThat(requests(new TraceGenerator(5, 10, Lengths.uniform(1, 9), Lengths.logUniform(16, 256), 3), 500))
                .isNotEqualTo(requests(trace, 500));
    }

    /** The gaps of a Poisson process: their mean is 1 / rate, and so is their standard deviation. */
    @Test
    void poissonArrivals() {
        List<Request> all = requests(new TraceGenerator(1, 20, Lengths.fixed(5), Lengths.fixed(6), 1), 50_000);
        double sum = 0;
        double squares = 0;
        for (int i = 1; i < all.size(); i++) {
            double gap = all.get(i).arrives() - all.get(i - 1).arrives();
            assertThat(gap).isNotNegative();
            sum += gap;
            squares += gap * gap;
        }
        double mean = sum / (all.size() - 1);
        assertThat(mean).isEqualTo(0.05, within(0.001));
        assertThat(Math.sqrt(squares / (all.size() - 1) - mean * mean)).isEqualTo(0.05, within(0.002));
    }

    @Test
    void allAtOnce() {
        assertThat(requests(TraceGenerator.atOnce(1, Lengths.fixed(128), Lengths.fixed(64)), 3))
                .containsOnly(new Request(0, 128, 64, 0));
    }

    @Test
    void lengths() {
        List<Request> all =
                requests(TraceGenerator.atOnce(2, Lengths.uniform(3, 6), Lengths.logUniform(16, 256)), 40_000);
        assertThat(all).extracting(Request::promptTokens).containsOnly(3, 4, 5, 6);
        assertThat(all).allMatch(r -> r.outputTokens() >= 16 && r.outputTokens() <= 256);
        double belowGeometricMean =
                all.stream().filter(r -> r.outputTokens() < 64).count() / 40_000.0;
        assertThat(belowGeometricMean).isEqualTo(0.5, within(0.01));
    }

    @Test
    void refusesWhatCantBe() {
        assertThatThrownBy(() -> Lengths.uniform(0, 5)).hasMessageContaining("from 0 to 5");
        assertThatThrownBy(() -> Lengths.logUniform(9, 5)).hasMessageContaining("from 9 to 5");
        assertThatThrownBy(() -> new TraceGenerator(1, 0, Lengths.fixed(1), Lengths.fixed(1), 1))
                .hasMessageContaining("above 0");
        assertThatThrownBy(() -> new TraceGenerator(1, 1, Lengths.fixed(1), Lengths.fixed(1), 0))
                .hasMessageContaining("not 0");
    }
}
