package tinyllm.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tech.tablesaw.api.Table;
import tinyllm.engine.ContinuousBatching;
import tinyllm.engine.Engine;
import tinyllm.engine.EngineOptions;
import tinyllm.engine.EngineRequest;
import tinyllm.engine.RequestHandle;
import tinyllm.engine.SchedulerStep;
import tinyllm.engine.StaticBatching;
import tinyllm.engine.StepReport;
import tinyllm.model.CausalLm;
import tinyllm.model.Models;
import tinyllm.nn.PaddedBatch;
import tinyllm.nn.PaddedBatchFn;
import tinyllm.tensor.Tensor;

/** What chapter 2.6 draws is what the engine did. */
@Tag("slow")
class BatchViewsTest {

    private static final Path TINY = Path.of("../core/src/test/resources/checkpoints/qwen2-tied-bf16");
    private static final Requests SIX =
            new Requests(List.of("One", "Two and", "Three", "Four is", "Five", "Six"), new int[] {9, 2, 3, 2, 8, 2});
    private static CausalLm model;

    @BeforeAll
    static void load() {
        model = Models.load(TINY.toString());
    }

    @Test
    void aContinuousBatchHasFewerSteps() {
        BatchRun flowing = BatchRun.of("continuous", model, new ContinuousBatching(), SIX, 3);
        BatchRun still = BatchRun.of("static", model, new StaticBatching(), SIX, 3);

        assertThat(flowing.tokens()).isEqualTo(26).isEqualTo(still.tokens());
        assertThat(flowing.steps()).isLessThan(still.steps());
        assertThat(flowing.emptyPercent()).isLessThan(still.emptyPercent());
        assertThat(SlotTimeline.of(still, flowing).text())
                .contains("6 requests: static " + still.steps() + " steps, continuous " + flowing.steps() + " steps");
        assertThat(BatchSpeed.of(still, flowing).text()).contains("continuous done after");
    }

    /** The last frame of the film is the whole run. */
    @Test
    void theFilmEndsWithTheRun() {
        BatchRun flowing = BatchRun.of("continuous", model, new ContinuousBatching(), SIX, 3);

        assertThat(flowing.film().text()).contains("A film of " + flowing.steps() + " steps", "26 tokens");
        assertThat(new String(flowing.film().gif(), 0, 6, StandardCharsets.US_ASCII))
                .isEqualTo("GIF89a");
    }

    @Test
    void answersDoNotDependOnTheScheduler() {
        Table together =
                BatchRun.of("together", model, new ContinuousBatching(), SIX, 6).answers();
        Table alone =
                BatchRun.of("alone", model, new ContinuousBatching(), SIX, 1).answers();

        assertThat(together.stringColumn("continuation").asList())
                .isEqualTo(alone.stringColumn("continuation").asList());
        assertThat(alone.intColumn("firstStep").get(1)).isEqualTo(9);
    }

    @Test
    void fewPagesMakeSomebodyLeave() {
        Requests longer = new Requests(List.of("One", "Two", "Three"), new int[] {40, 40, 40});
        BatchRun tight = BatchRun.of("few pages", model, new ContinuousBatching(), longer, 3, 96);

        assertThat(tight.tokens()).isEqualTo(120);
        assertThat(tight.reports()).anyMatch(report -> !report.preempted().isEmpty());
    }

    @Test
    void whatALearnersSchedulerThrowsIsTheirs() {
        SchedulerStep broken = (state, policy) -> {
            throw new IllegalStateException("boom");
        };
        assertThatThrownBy(() -> BatchRun.of("broken", model, broken, SIX, 3))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("boom");
    }

    @Test
    void ratesAreTokensOverTime() {
        BatchRun run = BatchRun.of("run", model, new ContinuousBatching(), SIX, 3);
        double[] at = new double[run.steps()];
        double[] rate = new double[run.steps()];
        BatchSpeed.fill(run.reports(), at, rate);

        StepReport first = run.reports().getFirst();
        assertThat(at[at.length - 1]).isEqualTo(run.seconds(), within(1e-9));
        assertThat(rate[0]).isEqualTo(first.chosenTokens() / first.phases().seconds());
    }

    @Test
    void aPaddedBatchWritesWhatEachTextWritesAlone() {
        List<String> texts = List.of("One two three four", "Five", "Six seven");
        Table right = PaddedRun.of(model, PaddedBatch::new, texts, 3);

        assertThat(right.stringColumn("inBatch").asList())
                .isEqualTo(right.stringColumn("alone").asList());
        assertThat(right.doubleColumn("logitDifference").max()).isLessThan(1e-3);

        Table wrong = PaddedRun.of(model, SeesFiller::new, texts, 1);
        assertThat(wrong.doubleColumn("logitDifference").get(0)).isLessThan(1e-3);
        assertThat(wrong.doubleColumn("logitDifference").get(1)).isGreaterThan(1e-3);
    }

    /** Its mask is causal alone. */
    private static final class SeesFiller implements PaddedBatchFn {
        private final PaddedBatch library = new PaddedBatch();

        @Override
        public int[][] tokens(List<int[]> texts, int filler) {
            return library.tokens(texts, filler);
        }

        @Override
        public int[][] positions(int[] lengths, int t) {
            return library.positions(lengths, t);
        }

        @Override
        public Tensor mask(int[] lengths, int t) {
            return library.mask(new int[] {t}, t);
        }
    }

    @Test
    void whatIsComputedForNobodyIsCounted() {
        List<PaddingWaste.Share> shares = PaddingWaste.shares(model, PaddedBatch::new, SIX, 1, 3);

        assertThat(shares.getFirst()).isEqualTo(new PaddingWaste.Share(1, 0, 0));
        // three answers of 9, 2, 3 and three of 2, 8, 2, each batch as long as its longest
        assertThat(shares.get(1).answer()).isEqualTo(100 - 100.0 * 26 / (27 + 24));
        assertThat(shares.get(1).prompt()).isPositive();
    }

    @Test
    void requestsAreTheSameEveryTime() {
        assertThat(Requests.mixed(16, 4, 40).answers())
                .isEqualTo(Requests.mixed(16, 4, 40).answers());
        assertThat(Arrays.stream(Requests.mixed(200, 4, 40).answers()))
                .contains(4, 40)
                .allMatch(n -> n >= 4 && n <= 40);
        assertThatThrownBy(() -> Requests.mixed(3, 5, 4)).hasMessageContaining("5 to 4");
    }

    @Test
    void measuringNeedsNoPicture() {
        BatchTimes times = BatchTimes.of(model, ContinuousBatching::new, SIX, 3, 1);

        assertThat(times.table().rowCount()).isEqualTo(4);
        assertThat(times.table().doubleColumn("timesOneByOne").get(0)).isEqualTo(1.0);
        assertThat(times.toString()).contains("ceiling");
        assertThat(BatchTimes.rates(model)
                        .simulated(new ContinuousBatching(), 20, 4)
                        .requests())
                .isEqualTo(20);
        assertThat(RowCost.of(model, 1, 3).text()).contains("A step for 3 rows takes");
    }

    /** A scheduler of chapter 2.6 in an engine with a prefix cache, small steps and long prompts. */
    @Test
    void aSchedulerOfWholePromptsServesAnyEngine() {
        EngineOptions options = EngineOptions.standard().with(new ContinuousBatching());
        options = options.with(
                options.policy().withMaxRunning(4).withStepTokens(16).withChunkTokens(8));
        try (Engine engine = Engine.manual(model, options)) {
            String text = "The sea was calm that morning, and the boats lay still in the harbour.";
            var handles = new ArrayList<RequestHandle>();
            for (int i = 0; i < 6; i++) {
                handles.add(
                        engine.submit(EngineRequest.text(text).maxTokens(4 + i).ignoreEnd()));
            }
            engine.steps();
            assertThat(handles).allMatch(handle -> handle.error() == null);
        }
    }
}
