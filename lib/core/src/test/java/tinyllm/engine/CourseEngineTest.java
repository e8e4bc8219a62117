package tinyllm.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tinyllm.cache.PageBudget;
import tinyllm.kernel.KernelSet;
import tinyllm.model.CausalLm;
import tinyllm.model.LoadListener;
import tinyllm.model.Models;
import tinyllm.sampling.SamplingParams;

/** The schedulers of chapters 2.6 and 2.7 in an engine as it is served: with a prefix cache, few pages and long prompts. */
@Tag("slow")
class CourseEngineTest {

    private static final CausalLm TINY = Models.load(
            Path.of("src/test/resources/checkpoints/mlx-q4-g64").toString(), KernelSet.OWN, LoadListener.NONE);
    private static final int VOCABULARY = TINY.tokenizer().vocabSize();

    static Stream<SchedulerStep> course() {
        return Stream.of(
                new ContinuousBatching(),
                new ChunkedBatching(),
                new PolicyScheduler(new ShortestWithAgeing(), 50, new ContinuousBatching()));
    }

    private record Served(List<List<Integer>> texts, List<StepReport> reports, EngineMetrics metrics) {}

    /** Half of the prompts begin the same. Each engine gets the same requests between the same steps. */
    private static Served serve(SchedulerStep scheduler, SchedulerPolicy policy, int tokens, int longest) {
        List<StepReport> reports = new ArrayList<>();
        var options = EngineOptions.standard()
                .with(policy)
                .with(PageBudget.tokens(tokens))
                .with(scheduler)
                .with((StepListener) reports::add);
        Random random = new Random(3);
        int[] prefix = random.ints(40, 0, VOCABULARY).toArray();
        List<RequestHandle> handles = new ArrayList<>();
        try (Engine engine = Engine.manual(TINY, options)) {
            for (int i = 0; i < 16; i++) {
                int[] own =
                        random.ints(1 + random.nextInt(longest), 0, VOCABULARY).toArray();
                int[] prompt = i % 2 == 0 ? own : joined(prefix, own);
                handles.add(engine.submit(EngineRequest.tokens(prompt)
                        .sampling(new SamplingParams(0.8, 0, 0.95, 0, 1, i))
                        .maxTokens(10 + random.nextInt(30))
                        .ignoreEnd()));
                for (int step = random.nextInt(6); step > 0; step--) {
                    engine.step();
                }
            }
            engine.steps();
            assertThat(engine.health().restarts()).isZero();
            assertThat(engine.health().lastFailure()).isEmpty();
            List<List<Integer>> texts =
                    handles.stream().map(handle -> handle.result().tokens()).toList();
            return new Served(texts, reports, engine.metrics());
        }
    }

    private static int[] joined(int[] a, int[] b) {
        int[] all = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, all, a.length, b.length);
        return all;
    }

    private static Served compare(SchedulerStep course, SchedulerPolicy policy, int tokens, int longest) {
        Served served = serve(course, policy, tokens, longest);
        assertThat(served.texts).isEqualTo(serve(new Scheduler(), policy, tokens, longest).texts);
        assertThat(served.metrics.prefixTokens()).isPositive();
        return served;
    }

    @ParameterizedTest
    @MethodSource("course")
    void promptsThatBeginTheSame(SchedulerStep course) {
        compare(course, SchedulerPolicy.standard(), 4096, 30);
    }

    @ParameterizedTest
    @MethodSource("course")
    void preempted(SchedulerStep course) {
        Served served = compare(course, SchedulerPolicy.standard().withSparePages(0), 10 * 16, 40);
        assertThat(served.metrics.preemptions()).isPositive();
    }

    @ParameterizedTest
    @MethodSource("course")
    void promptsLongerThanAStep(SchedulerStep course) {
        var policy =
                SchedulerPolicy.standard().withMaxRunning(6).withStepTokens(32).withChunkTokens(16);
        Served served = compare(course, policy, 1024, 120);
        assertThat(served.reports.stream()
                        .flatMap(report -> report.rows().stream())
                        .filter(row -> row.work() == StepReport.Work.PREFILL))
                .as("read in chunks, not token by token")
                .hasSizeLessThan(16 * 6);
    }

    /** What one step preempts may be known to whom it admits, though the plan did not count on it. */
    @Test
    void aTextIsKnownFromWhoLeavesInTheSameStep() {
        int[] prompt = new Random(5).ints(20, 0, VOCABULARY).toArray();
        SchedulerStep swap = (state, policy) -> {
            if (state.running().size() == 1 && state.waiting().size() == 1) {
                Sequence next = state.waiting().getFirst();
                long out = state.running().getFirst().id();
                if (next.admission() < 0) {
                    return new StepPlan(
                            List.of(out), List.of(next.id()), List.of(new StepPlan.Work(next.id(), next.missing())));
                }
            }
            return new Scheduler().plan(state, policy);
        };
        try (Engine engine = Engine.manual(TINY, EngineOptions.standard().with(swap))) {
            RequestHandle first =
                    engine.submit(EngineRequest.tokens(prompt).maxTokens(60).ignoreEnd());
            for (int i = 0; i < 40; i++) {
                engine.step();
            }
            int[] text =
                    joined(prompt, first.tokens().limit(39).mapToInt(Token::id).toArray());
            RequestHandle second =
                    engine.submit(EngineRequest.tokens(text).maxTokens(5).ignoreEnd());
            assertThat(second.result().tokens())
                    .isEqualTo(first.result().tokens().subList(39, 44));
            assertThat(engine.metrics().preemptions()).isEqualTo(1);
        }
    }
}
