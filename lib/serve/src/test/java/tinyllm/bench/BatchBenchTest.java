package tinyllm.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tinyllm.engine.StepReport;
import tinyllm.engine.StepReport.Work;
import tinyllm.kernel.KernelSet;
import tinyllm.model.LoadListener;
import tinyllm.model.Models;

@Tag("slow")
class BatchBenchTest {

    private static final Path TINY = Path.of("..", "core", "src", "test", "resources", "checkpoints", "mlx-q4-g64");

    private static BatchBench bench(int requests) {
        return new BatchBench(Models.load(TINY.toString(), KernelSet.OWN, LoadListener.NONE), requests, 1, note -> {});
    }

    private static double number(Map<String, Object> row, String field) {
        return row.get(field) instanceof Number n ? n.doubleValue() : Double.NaN;
    }

    /** What is printed follows from what was measured. */
    @Test
    void atOnce() throws Exception {
        Map<String, Object> row = bench(16).atOnce(null);
        double p = number(row, "P");
        double d = number(row, "D");
        double ceiling = 16 * (128 / p + 64 / d) / (2048 / p + 64 * Math.max(1 / d, 22 / p));
        assertThat(number(row, "R")).isEqualTo(ceiling, within(1e-9));
        assertThat(number(row, "speedup"))
                .isEqualTo(number(row, "batch_tokens_per_s") / number(row, "loop_tokens_per_s"), within(1e-9));
        assertThat(number(row, "share_of_ceiling")).isPositive();
    }

    @Test
    void overhead() {
        Map<String, Object> row = bench(2).overhead();
        assertThat(number(row, "share")).isBetween(0.0, 1.0);
        assertThat(number(row, "model_ms")).isPositive();
        assertThat((List<?>) row.get("samples")).hasSizeGreaterThan(10);
    }

    @Test
    void waste() {
        var waste = new PageWaste(16, 100);
        waste.onStep(report(row(20, 2), row(16, 1)));
        waste.onStep(report(row(30, 2), row(0, 0)));
        Map<String, Object> json = waste.json();
        assertThat(number(json, "paged_waste")).isEqualTo((1 - 36 / 48.0 + 1 - 30 / 32.0) / 2, within(1e-9));
        assertThat(number(json, "contiguous_waste")).isEqualTo((1 - 36 / 200.0 + 1 - 30 / 100.0) / 2, within(1e-9));
    }

    private static StepReport.Row row(int computed, int pages) {
        return new StepReport.Row(1, 0, Work.DECODE, 1, computed, pages, 0, 5);
    }

    private static StepReport report(StepReport.Row... rows) {
        return new StepReport(
                0,
                0,
                List.of(rows),
                List.of(),
                List.of(),
                List.of(),
                0,
                new StepReport.Pages(3, 0, 0, 9),
                new StepReport.Phases(0, 1, 0, 0));
    }

    @Test
    void plansPerSecond() {
        List<Map<String, Object>> rows = SchedulerBench.run(2000, 1);
        assertThat(rows).hasSize(3).allMatch(row -> number(row, "plans_per_s") > 100);
        assertThat(rows.getFirst().get("heap_bytes_after_each_tenth"))
                .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.LIST)
                .hasSize(10);
    }
}
