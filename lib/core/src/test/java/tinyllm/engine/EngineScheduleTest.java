package tinyllm.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tinyllm.sampling.SamplingParams;

/** Random schedules of arrivals, lengths, cancels, failures and page pressure: every text is what it is alone, and no page is lost. */
class EngineScheduleTest {

    private static final int SCHEDULES = Boolean.getBoolean("tinyllm.long") ? 10_000 : 1000;

    private record Asked(int[] prompt, SamplingParams sampling, int most, RequestHandle handle) {}

    private static final class Schedule {
        private final Random random;
        private final FakeModel model;
        private final EngineOptions options;
        private final Engine engine;
        private final List<Asked> asked = new ArrayList<>();
        private final Map<Long, Integer> ends = new HashMap<>();
        private int preempted;
        private int cancelled;

        Schedule(int seed) {
            random = new Random(seed);
            int pageTokens = 1 + random.nextInt(6);
            model = new FakeModel(
                    40 + random.nextInt(40), Math.ceilDiv(40, pageTokens) + random.nextInt(20), pageTokens);
            int most = 1 + random.nextInt(8);
            var order = List.of(
                            QueueOrder.firstComeFirstServed(),
                            QueueOrder.shortestPromptFirst(),
                            QueueOrder.priority(0.001))
                    .get(random.nextInt(3));
            options = EngineOptions.standard()
                    .with(new SchedulerPolicy(
                            order, most, most + random.nextInt(20), 1 + random.nextInt(12), random.nextInt(3)))
                    .with((StepListener) this::check);
            engine = new Engine(null, model, options, true);
            if (random.nextInt(3) == 0) {
                model.poison = 100;
            }
        }

        private void check(StepReport report) {
            model.pool.check();
            assertThat(report.rows().stream().mapToInt(StepReport.Row::pages).sum())
                    .isEqualTo(model.pool.used());
            assertThat(report.pages().total()).isEqualTo(model.pool.size());
            preempted += report.preempted().size();
            report.ended().forEach(end -> ends.merge(end.request(), 1, Integer::sum));
        }

        void run() {
            int requests = 3 + random.nextInt(20);
            while (asked.size() < requests) {
                for (int i = random.nextInt(4); i > 0 && asked.size() < requests; i--) {
                    submit();
                }
                for (int i = random.nextInt(6); i > 0; i--) {
                    engine.step();
                }
                if (!asked.isEmpty() && random.nextInt(4) == 0) {
                    asked.get(random.nextInt(asked.size())).handle.cancel();
                }
            }
            engine.steps();
            asked.forEach(this::verify);
            assertThat(model.pool.used()).isZero();
            engine.close();
        }

        private void submit() {
            int[] prompt = random.ints(1 + random.nextInt(20), 20, 120).toArray();
            var sampling =
                    random.nextBoolean() ? SamplingParams.GREEDY : new SamplingParams(1, 0, 1, 0, 1, random.nextInt(5));
            int most = 1 + random.nextInt(40 - prompt.length - 1);
            RequestHandle handle = engine.submit(EngineRequest.tokens(prompt)
                    .sampling(sampling)
                    .maxTokens(most)
                    .priority(random.nextInt(3)));
            asked.add(new Asked(prompt, sampling, most, handle));
        }

        private void verify(Asked a) {
            assertThat(a.handle.isDone()).isTrue();
            List<Integer> expected = FakeModel.expected(a.prompt, a.sampling, a.most);
            switch (Objects.requireNonNull(a.handle.finishReason())) {
                case STOP, LENGTH -> {
                    assertThat(a.handle.result().tokens()).isEqualTo(expected);
                    assertThat(a.handle.finishReason())
                            .isEqualTo(expected.size() == a.most ? FinishReason.LENGTH : FinishReason.STOP);
                }
                case CANCELLED -> {
                    cancelled++;
                    assertBegins(expected, a.handle.result().tokens());
                }
                case ERROR -> {
                    assertThat(model.poison).isEqualTo(100);
                    assertThat(a.handle.error()).hasMessageContaining("NaN");
                }
                default -> throw new AssertionError();
            }
        }
    }

    private static void assertBegins(List<Integer> text, List<Integer> begin) {
        assertThat(text.subList(0, Math.min(text.size(), begin.size()))).isEqualTo(begin);
    }

    @Test
    void everyTextIsWhatItIsAlone() {
        int preempted = 0;
        int cancelled = 0;
        for (int seed = 0; seed < SCHEDULES; seed++) {
            Schedule schedule = new Schedule(seed);
            try {
                schedule.run();
            } catch (Throwable e) {
                throw new AssertionError("schedule of seed " + seed, e);
            }
            preempted += schedule.preempted;
            cancelled += schedule.cancelled;
        }
        assertThat(preempted).as("preemptions in all schedules").isGreaterThan(SCHEDULES / 4);
        assertThat(cancelled).as("cancels in all schedules").isGreaterThan(SCHEDULES / 4);
    }

    /** Twenty requests on eight pages write what they would on unlimited ones, and every step brings somebody forward. */
    @Test
    void twentyRequestsOnEightPages() {
        List<RequestHandle> handles = new ArrayList<>();
        List<int[]> prompts = new ArrayList<>();
        var model = new FakeModel(1000, 8, 4);
        var random = new Random(8);
        try (Engine engine = new Engine(null, model, EngineOptions.standard(), true)) {
            for (int i = 0; i < 20; i++) {
                prompts.add(random.ints(1 + random.nextInt(12), 20, 120).toArray());
                handles.add(engine.submit(
                        EngineRequest.tokens(prompts.get(i)).maxTokens(20).ignoreEnd()));
            }
            List<StepReport> reports = engine.steps();
            assertThat(reports).allMatch(report -> report.rows().stream().anyMatch(row -> row.tokens() > 0));
            assertThat(reports).anyMatch(report -> !report.preempted().isEmpty());
            for (int i = 0; i < 20; i++) {
                assertThat(handles.get(i).result().tokens()).hasSize(20);
                List<Integer> untilEnd = FakeModel.expected(prompts.get(i), SamplingParams.GREEDY, 20);
                assertBegins(handles.get(i).result().tokens(), untilEnd);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 64, 512})
    void chunksChangeNothing(int chunk) {
        var model = new FakeModel(1000, 100, 16);
        var policy =
                SchedulerPolicy.standard().withStepTokens(Math.max(16, chunk)).withChunkTokens(chunk);
        int[] prompt = new Random(2).ints(300, 20, 120).toArray();
        try (Engine engine = new Engine(null, model, EngineOptions.standard().with(policy), true)) {
            RequestHandle other =
                    engine.submit(EngineRequest.tokens(50).maxTokens(400).ignoreEnd());
            RequestHandle handle = engine.submit(EngineRequest.tokens(prompt).maxTokens(30));
            assertThat(handle.result().tokens()).isEqualTo(FakeModel.expected(prompt, SamplingParams.GREEDY, 30));
            other.cancel();
        }
        assertThat(model.pool.used()).isZero();
    }

    /** Cancelled while it waits, in each step of its prompt, at each token, twice, and after its end. */
    @Test
    void cancelledAtEveryPoint() {
        int[] prompt = new Random(4).ints(40, 20, 120).toArray();
        for (int after = 0; after < 40; after++) {
            var model = new FakeModel(1000, 100, 4);
            var policy = SchedulerPolicy.standard().withStepTokens(16).withChunkTokens(8);
            List<StepReport.Ended> ends = new ArrayList<>();
            var options =
                    EngineOptions.standard().with(policy).with((StepListener) report -> ends.addAll(report.ended()));
            try (Engine engine = new Engine(null, model, options, true)) {
                RequestHandle other =
                        engine.submit(EngineRequest.tokens(60).maxTokens(60).ignoreEnd());
                engine.step();
                RequestHandle handle =
                        engine.submit(EngineRequest.tokens(prompt).maxTokens(20).ignoreEnd());
                for (int i = 0; i < after; i++) {
                    engine.step();
                }
                handle.cancel();
                handle.cancel();
                int pages = model.pool.used();
                engine.step();
                assertThat(handle.isDone()).isTrue();
                assertThat(model.pool.used()).isLessThanOrEqualTo(pages + 1);
                handle.cancel();
                engine.steps();
                assertThat(handle.finishReason()).isEqualTo(after >= 24 ? FinishReason.LENGTH : FinishReason.CANCELLED);
                assertThat(ends).filteredOn(end -> end.request() == handle.id()).hasSize(1);
                assertThat(other.finishReason()).isEqualTo(FinishReason.LENGTH);
                assertThat(model.pool.used()).isZero();
            }
        }
    }

    @Test
    @Tag("slow")
    void manyRequestsAtOnceThroughAThread() {
        var model = new FakeModel(200, 60, 4);
        Random random = new Random(1);
        try (Engine engine = new Engine(null, model, EngineOptions.standard(), false)) {
            List<Asked> asked = new ArrayList<>();
            for (int i = 0; i < 800; i++) {
                int[] prompt = random.ints(1 + random.nextInt(60), 20, 120).toArray();
                RequestHandle handle =
                        engine.submit(EngineRequest.tokens(prompt).maxTokens(40));
                asked.add(new Asked(prompt, SamplingParams.GREEDY, 40, handle));
                if (i % 10 == 9) {
                    asked.get(random.nextInt(i)).handle.cancel();
                }
            }
            for (Asked a : asked) {
                List<Integer> expected = FakeModel.expected(a.prompt, a.sampling, a.most);
                List<Integer> tokens = a.handle.result().tokens();
                assertBegins(expected, tokens);
                if (a.handle.finishReason() != FinishReason.CANCELLED) {
                    assertThat(tokens).isEqualTo(expected);
                }
            }
            assertThat(engine.metrics().ended().values().stream()
                            .mapToLong(n -> n)
                            .sum())
                    .isEqualTo(800);
        }
        assertThat(model.pool.used()).isZero();
        assertThat(model.closed).isTrue();
    }
}
