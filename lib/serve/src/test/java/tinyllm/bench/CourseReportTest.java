package tinyllm.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import tinyllm.kernel.KernelSet;

class CourseReportTest {

    private static final Plan PLAN = new Plan(Plan.Kind.DECODE, "m", 32, 16, 2, KernelSet.OWN);
    private static final List<Stage> STAGES =
            List.of(new Stage("week1", Set.of()), new Stage("kv-cache", Set.of(Feature.KV_CACHE)));

    private static CourseReport report() {
        Map<String, List<Map<String, Object>>> samples = new LinkedHashMap<>();
        samples.put("week1", List.of(row(2, 0.1, 1)));
        samples.put("kv-cache", List.of(row(10, 1, 0), row(30, 3, 0)));
        samples.put("llama.cpp (x)", List.of(Map.of("tokens_per_s", 15.0)));
        return new CourseReport(new Report(PLAN, Machine.here(), samples), STAGES);
    }

    /** @param power how the time of a token grows with the length */
    private static Map<String, Object> row(double rate, double requests, double power) {
        List<Map<String, Object>> times = List.of(time(32, power), time(64, power), time(256, power));
        return Map.of("tokens_per_s", rate, "requests_per_s", requests, "token_ms", times);
    }

    private static Map<String, Object> time(int length, double power) {
        return Map.of("length", length, "ms", 3 * Math.pow(length, power));
    }

    @Test
    void medians() {
        CourseReport course = report();
        assertThat(course.tokensPerSecond(STAGES.get(1))).isEqualTo(20);
        assertThat(course.requestsPerSecond(STAGES.get(1))).isEqualTo(2);
        assertThat(course.overWeek1(STAGES.get(1))).isEqualTo(10);
        assertThat(course.overWeek1(STAGES.get(0))).isEqualTo(1);
        assertThat(course.peers()).containsExactly("llama.cpp (x)");
    }

    @Test
    void growth() {
        assertThat(report().growth(STAGES.get(0))).isCloseTo(2, within(1e-9));
        assertThat(report().growth(STAGES.get(1))).isCloseTo(1, within(1e-9));
    }

    @Test
    void theLadderAddsOneFeatureOnEachStep() {
        List<Stage> ladder = Stage.ladder();
        assertThat(ladder.getFirst()).isEqualTo(new Stage("week1", Set.of()));
        for (int i = 1; i < ladder.size(); i++) {
            assertThat(ladder.get(i).features())
                    .hasSize(i)
                    .containsAll(ladder.get(i - 1).features());
            assertThat(Stage.named(ladder.get(i).name())).isEqualTo(ladder.get(i));
        }
        assertThatThrownBy(() -> Stage.named("week2")).hasMessageContaining("\"week2\"");
    }
}
