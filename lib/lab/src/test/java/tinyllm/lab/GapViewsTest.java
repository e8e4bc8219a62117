package tinyllm.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tinyllm.engine.ChunkedBatching;
import tinyllm.engine.SchedulerState;
import tinyllm.engine.SchedulerStep;
import tinyllm.engine.StepReport;
import tinyllm.model.CausalLm;
import tinyllm.model.Models;

/** What chapter 2.7 draws is what the engine did. */
class GapViewsTest {

    private static final Path TINY = Path.of("../core/src/test/resources/checkpoints/qwen2-tied-bf16");
    private static CausalLm model;

    @BeforeAll
    static void load() {
        model = Models.load(TINY.toString());
    }

    private static int largestPrefill(GapRun run) {
        return run.reports().stream()
                .filter(report -> report.decodeRows() > 0)
                .mapToInt(StepReport::prefillTokens)
                .max()
                .orElseThrow();
    }

    @Test
    void aPromptIsReadWholeOrInChunks() {
        GapRun whole = GapRun.of("whole", model, new ChunkedBatching(), 60, 60);
        GapRun chunked = GapRun.of("chunked", model, new ChunkedBatching(), 60, 16);

        assertThat(largestPrefill(whole)).isEqualTo(60);
        assertThat(largestPrefill(chunked)).isEqualTo(16);
        assertThat(chunked.reports()).hasSize(whole.reports().size() + 3);
        assertThat(whole.longestGap()).isPositive().isLessThanOrEqualTo(whole.firstToken());
        assertThat(chunked.longestGap()).isLessThan(chunked.firstToken());
        assertThat(GapRun.gaps("2.7 gap", whole, chunked).text()).contains("The longest gap", "whole", "chunked");
        assertThat(chunked.timeline().text()).contains("a long prompt comes in step 5");
    }

    /** The chunk does not change what anybody writes. */
    @Test
    void everybodyWritesTheSame() {
        List<String> whole = GapRun.of("whole", model, new ChunkedBatching(), 40, 40)
                .answers()
                .stringColumn("continuation")
                .asList();
        List<String> chunked = GapRun.of("chunked", model, new ChunkedBatching(), 40, 8)
                .answers()
                .stringColumn("continuation")
                .asList();
        for (int i = 0; i < whole.size(); i++) {
            assertThat(chunked.get(i)).startsWith(whole.get(i));
        }
    }

    @Test
    void theTradeOffHasARowForEachSize() {
        ChunkTimes times = ChunkTimes.of(model, ChunkedBatching::new, 48, 1, 8, 48);

        assertThat(times.rows()).extracting(ChunkTimes.Row::chunk).containsExactly(8, 48);
        assertThat(times.rows()).allMatch(row -> row.longestGapMs() <= row.firstTokenMs());
        assertThat(times.chart().text()).contains("Chunks of 8 instead of 48");
        assertThatThrownBy(() -> ChunkTimes.of(model, ChunkedBatching::new, 48, 1, 8))
                .hasMessageContaining("two sizes");
    }

    @Test
    void aSchedulerThatNeverReadsThePromptIsTold() {
        SchedulerStep forgetful = (state, policy) -> new ChunkedBatching()
                .plan(
                        new SchedulerState(
                                state.running(),
                                state.running().isEmpty() ? state.waiting() : List.of(),
                                state.freePages(),
                                state.pageTokens()),
                        policy);

        GapRun run = GapRun.of("forgetful", model, forgetful, 10, 10);
        assertThatThrownBy(run::firstToken).hasMessageContaining("the long prompt got no token");
    }
}
