package tinyllm.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tinyllm.kernel.KernelSet;
import tinyllm.model.LoadListener;
import tinyllm.model.Models;
import tinyllm.sampling.json.JsonSchema;
import tools.jackson.databind.json.JsonMapper;

@Tag("slow")
class ConstraintBenchTest {

    private static final Path TINY = Path.of("..", "core", "src", "test", "resources", "checkpoints", "mlx-q4-g64");

    private static double number(Map<?, ?> row, String field) {
        return row.get(field) instanceof Number n ? n.doubleValue() : Double.NaN;
    }

    /** The one of one round. */
    private static double sample(Map<?, ?> batch, String field) {
        return batch.get("samples") instanceof Map<?, ?> samples
                        && samples.get(field) instanceof List<?> list
                        && list.size() == 1
                        && list.getFirst() instanceof Number n
                ? n.doubleValue()
                : Double.NaN;
    }

    /** What is printed follows from what was measured. */
    @Test
    void measuresCompilesAndSteps() {
        Map<String, Object> row = new ConstraintBench(
                        Models.load(TINY.toString(), KernelSet.OWN, LoadListener.NONE), 1, note -> {})
                .run();
        assertThat(number(row, "compile_ms")).isPositive();
        assertThat(number(row, "tree_ms")).isPositive();
        List<?> batches = (List<?>) row.get("batches");
        assertThat(batches).hasSize(2).allSatisfy(each -> {
            Map<?, ?> batch = (Map<?, ?>) each;
            assertThat(number(batch, "free_ms")).isPositive();
            assertThat(number(batch, "again_over_free"))
                    .isEqualTo(number(batch, "again_ms") / sample(batch, "free_beside_again_ms"), within(1e-9));
        });
    }

    @Test
    void theSchemaHasAHundredProperties() {
        String schema = ConstraintBench.schema("a_");
        assertThat(new JsonMapper().readTree(schema).path("properties").size()).isEqualTo(100);
        assertThat(JsonSchema.compile(schema).rules()).isNotEmpty();
    }
}
