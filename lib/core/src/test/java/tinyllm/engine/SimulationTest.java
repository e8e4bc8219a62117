package tinyllm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tinyllm.engine.Simulation.Outcome;
import tinyllm.engine.Simulation.Request;

/** Whole runs on a model that only costs time. */
class SimulationTest {

    private static final StepCost COST = StepCost.of(1000, 50);

    private static List<QueueOrder> orders() {
        return List.of(QueueOrder.firstComeFirstServed(), QueueOrder.shortestPromptFirst(), QueueOrder.priority(0.5));
    }

    private static List<Request> requests(Random random, int count, int longestPrompt, int longestOutput) {
        List<Request> all = new ArrayList<>();
        double at = 0;
        for (int i = 0; i < count; i++) {
            at += random.nextInt(3) == 0 ? 0 : -Math.log(1 - random.nextDouble()) * 0.05;
            all.add(new Request(
                    at, 1 + random.nextInt(longestPrompt), 1 + random.nextInt(longestOutput), random.nextInt(4)));
        }
        return all;
    }

    /** What holds in every step of every run: pages, slots, budgets, nobody lost. */
    private static final class Invariants implements StepListener {
        private final SchedulerPolicy policy;
        private final int pages;
        private final Map<Long, Integer> slots = new HashMap<>();
        private final Set<Long> ended = new HashSet<>();
        private final Set<Long> waitingAgain = new HashSet<>();
        private final Set<Long> known = new HashSet<>();

        Invariants(SchedulerPolicy policy, int pages) {
            this.policy = policy;
            this.pages = pages;
        }

        @Override
        public void onStep(StepReport report) {
            assertThat(report.rows().stream().mapToInt(StepReport.Row::tokens).sum())
                    .as("progress within the budget")
                    .isBetween(1, policy.stepTokens());
            if (report.decodeRows() > 0) {
                assertThat(report.prefillTokens()).isLessThanOrEqualTo(policy.chunkTokens());
            }
            assertThat(report.rows().stream().mapToInt(StepReport.Row::pages).sum())
                    .isEqualTo(report.pages().used());
            assertThat(report.pages().total()).isEqualTo(pages);
            assertThat(report.rows()).extracting(StepReport.Row::slot).doesNotHaveDuplicates();
            report.preempted().forEach(id -> {
                assertThat(slots.remove(id)).as("request %d ran", id).isNotNull();
                waitingAgain.add(id);
            });
            for (StepReport.Row row : report.rows()) {
                assertThat(row.slot()).isBetween(0, policy.maxRunning() - 1);
                assertThat(ended).doesNotContain(row.request());
                Integer before = slots.put(row.request(), row.slot());
                assertThat(before == null)
                        .as("a slot changes on admission alone")
                        .isEqualTo(report.admitted().contains(row.request()));
                assertThat(before == null ? row.slot() : before).isEqualTo(row.slot());
                waitingAgain.remove(row.request());
                known.add(row.request());
            }
            report.ended().forEach(end -> {
                assertThat(ended.add(end.request())).as("one end").isTrue();
                slots.remove(end.request());
            });
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
    void everyRequestEndsUnderPageShortage(int seed) {
        Random random = new Random(seed);
        for (int round = 0; round < 10; round++) {
            int pageTokens = 1 + random.nextInt(8);
            int pages = Math.ceilDiv(60, pageTokens) + random.nextInt(20);
            int most = 1 + random.nextInt(8);
            var policy = new SchedulerPolicy(
                    orders().get(random.nextInt(3)),
                    most,
                    most + random.nextInt(20),
                    1 + random.nextInt(10),
                    random.nextInt(3));
            var invariants = new Invariants(policy, pages);
            List<Request> all = requests(random, 60, 30, 30);
            SchedulerStep step = random.nextInt(4) == 0 ? new StaticBatching() : new Scheduler();
            Outcome outcome = new Simulation(step, policy, pages, pageTokens, COST)
                    .run(all.iterator(), 1 + random.nextInt(50), invariants);
            assertThat(invariants.ended).as("seed %d round %d", seed, round).hasSize(60);
            assertThat(invariants.waitingAgain).isEmpty();
            assertThat(outcome.outputTokens())
                    .isEqualTo(all.stream().mapToInt(Request::outputTokens).sum());
            int texts = all.stream()
                    .mapToInt(r -> r.promptTokens() + r.outputTokens() - 1)
                    .sum();
            assertThat(outcome.computedTokens()).isGreaterThanOrEqualTo(texts);
            if (outcome.preemptions() == 0) {
                assertThat(outcome.computedTokens()).isEqualTo(texts);
            }
        }
    }

    @Test
    void pagesRunOutInTheseRuns() {
        Outcome outcome = new Simulation(
                        new Scheduler(), SchedulerPolicy.standard().withSparePages(0), 20, 4, COST)
                .run(requests(new Random(3), 200, 10, 60).iterator(), 1000, null);
        assertThat(outcome.preemptions()).isGreaterThan(20);
    }

    @Test
    void continuousBeatsStaticBatching() {
        Random random = new Random(1);
        List<Request> all = IntStream.range(0, 128)
                .mapToObj(i -> new Request(0, 128, (int) (16 * Math.pow(16, random.nextDouble())), 0))
                .toList();
        var cost = StepCost.of(800, 30);
        var policy = SchedulerPolicy.standard();
        Outcome continuous = new Simulation(new Scheduler(), policy, 1000, 16, cost).run(all.iterator(), 1000, null);
        Outcome fixed = new Simulation(new StaticBatching(), policy, 1000, 16, cost).run(all.iterator(), 1000, null);
        assertThat(continuous.outputTokens()).isEqualTo(fixed.outputTokens());
        assertThat(fixed.seconds() / continuous.seconds()).isGreaterThan(1.4);
    }

    @Test
    void aStaticBatchStartsWhenTheOneBeforeHasEnded() {
        List<Request> all = IntStream.range(0, 12)
                .mapToObj(i -> new Request(0, 5, 2 + i % 4 * 3, 0))
                .toList();
        List<StepReport> reports = new ArrayList<>();
        var policy = SchedulerPolicy.standard().withMaxRunning(4);
        new Simulation(new StaticBatching(), policy, 100, 4, COST).run(all.iterator(), 100, reports::add);
        Set<Long> running = new HashSet<>();
        int batches = 0;
        for (StepReport report : reports) {
            if (!report.admitted().isEmpty()) {
                assertThat(running).isEmpty();
                batches++;
            }
            running.addAll(report.admitted());
            report.ended().forEach(end -> running.remove(end.request()));
        }
        assertThat(batches).isEqualTo(3);
    }

    @Test
    void aLongPromptDelaysByItsChunkAlone() {
        List<Request> all = List.of(new Request(0, 10, 200, 0), new Request(1, 2048, 1, 0));
        var whole = SchedulerPolicy.standard().withStepTokens(4096).withChunkTokens(4096);
        Outcome unchunked = new Simulation(new Scheduler(), whole, 1000, 16, COST).run(all.iterator(), 9, null);
        Outcome chunked = new Simulation(new Scheduler(), whole.withChunkTokens(128), 1000, 16, COST)
                .run(all.iterator(), 9, null);
        assertThat(unchunked.longestGap()).isEqualTo(2.049, within(1e-9));
        assertThat(chunked.longestGap()).isEqualTo(0.129, within(1e-9));
    }

    @Test
    void prioritiesAgeSoThatNobodyWaitsForEver() {
        List<Request> all = new ArrayList<>();
        all.add(new Request(0, 10, 10, 0));
        for (int i = 0; i < 2000; i++) {
            all.add(new Request(i * 0.1, 10, 10, 5));
        }
        all.add(1, new Request(0, 10, 10, 0));
        Map<Long, Double> ends = new HashMap<>();
        var policy = SchedulerPolicy.standard().withMaxRunning(1).withOrder(QueueOrder.priority(2));
        new Simulation(new Scheduler(), policy, 100, 16, COST)
                .run(all.iterator(), 10_000, r -> r.ended().forEach(e -> ends.put(e.request(), r.at())));
        assertThat(ends.get(1L)).as("5 levels of 2 s, and who came before").isBetween(9.0, 40.0);
    }

    /** A request that has ended leaves nothing behind: what the heap holds after 10,000 of them it holds after 90,000. */
    @Test
    @Tag("slow")
    void memoryStaysFlat() {
        List<Long> heap = new ArrayList<>();
        var source = IntStream.range(0, 100_000)
                .mapToObj(i -> {
                    if (i % 20_000 == 10_000) {
                        heap.add(usedHeap());
                    }
                    return new Request(0, 1 + i * 31 % 200, 1 + i * 17 % 60, i % 4);
                })
                .iterator();
        var policy = new SchedulerPolicy(QueueOrder.firstComeFirstServed(), 64, 512, 128, 1);
        new Simulation(new Scheduler(), policy, 4000, 16, COST).run(source, 1000, null);
        assertThat(heap).hasSize(5);
        assertThat(heap).as("bytes in use").allMatch(bytes -> bytes - heap.getFirst() < 4 << 20);
    }

    private static long usedHeap() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    @Test
    @Tag("slow")
    void fiftyThousandPlansASecond() {
        for (QueueOrder order : orders()) {
            var policy = new SchedulerPolicy(order, 64, 512, 128, 1);
            double best = 0;
            for (int round = 0; round < 2; round++) {
                Random random = new Random(5);
                var source = random.ints(100_000, 0, 1 << 20)
                        .mapToObj(bits -> new Request(0, 1 + bits % 200, 1 + bits / 200 % 60, bits % 4))
                        .iterator();
                long start = System.nanoTime();
                Outcome outcome = new Simulation(new Scheduler(), policy, 4000, 16, COST).run(source, 1000, null);
                best = Math.max(best, outcome.steps() / ((System.nanoTime() - start) / 1e9));
                assertThat(outcome.requests()).isEqualTo(100_000);
            }
            assertThat(best)
                    .as("plans per second, under whatever load this machine has")
                    .isGreaterThan(10_000);
        }
    }
}
