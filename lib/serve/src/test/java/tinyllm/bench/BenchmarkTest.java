package tinyllm.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tinyllm.kernel.KernelSet;

class BenchmarkTest {

    private static final Plan PLAN = new Plan(Plan.Kind.PREFILL, "m", 64, 1, 2, KernelSet.OWN);

    private final List<String> order = new ArrayList<>();

    @Test
    void enginesTakeTurns() throws IOException, InterruptedException {
        Report report = new Benchmark(PLAN, List.of(fake("a", 10, 30, 20), fake("b", 1, 2, 4)), 3).run(line -> {});
        assertThat(order).containsExactly("prepare a", "prepare b", "a", "b", "a", "b", "a", "b");
        assertThat(report.median("a")).isEqualTo(20);
        assertThat(report.median("b")).isEqualTo(2);
        assertThat(report.ratio("b")).isEqualTo(10);
    }

    @Test
    void medianOfEvenCount() throws IOException, InterruptedException {
        Report report = new Benchmark(PLAN, List.of(fake("a", 10, 40)), 2).run(line -> {});
        assertThat(report.median("a")).isEqualTo(25);
    }

    @Test
    void failingRunIsNamed() {
        assertThatThrownBy(() -> ChildProcess.json(List.of("ls", "/no/such/folder"), Map.of()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("ls ended with code")
                .hasMessageContaining("/no/such/folder");
        assertThatThrownBy(() -> ChildProcess.json(List.of("echo", "hello"), Map.of()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("printed no JSON object: hello");
    }

    private Runner fake(String name, double... rates) {
        return new Runner() {
            private int next;

            @Override
            public String name() {
                return name;
            }

            @Override
            public void prepare(Plan plan) {
                order.add("prepare " + name);
            }

            @Override
            public Map<String, Object> run(Plan plan) {
                order.add(name);
                return Map.of("tokens_per_s", rates[next++]);
            }
        };
    }
}
