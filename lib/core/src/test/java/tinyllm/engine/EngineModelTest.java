package tinyllm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tinyllm.cache.ChainedKeys;
import tinyllm.cache.CountedPages;
import tinyllm.cache.EvictFn;
import tinyllm.cache.LeastRecentlyUsed;
import tinyllm.cache.PageBudget;
import tinyllm.cache.PageKeysFn;
import tinyllm.cache.PageList;
import tinyllm.cache.PooledPages;
import tinyllm.cache.SharedPages;
import tinyllm.course.Mine;
import tinyllm.kernel.KernelSet;
import tinyllm.kernel.KvKind;
import tinyllm.model.CausalLm;
import tinyllm.model.LoadListener;
import tinyllm.model.Models;
import tinyllm.sampling.SamplingParams;
import tinyllm.sampling.TopKFn;
import tinyllm.tensor.Tensor;
import tinyllm.weights.ModelFiles;
import tinyllm.weights.ModelRegistry;

/** On real arithmetic: what a request writes does not depend on neighbours, chunks, preemption or known prefixes, token for token. */
@Tag("slow")
class EngineModelTest {

    private static final CausalLm TINY = Models.load(
            Path.of("src/test/resources/checkpoints/mlx-q4-g64").toString(), KernelSet.OWN, LoadListener.NONE);

    private record Asked(int[] prompt, SamplingParams params, int most) {
        EngineRequest request() {
            return EngineRequest.tokens(prompt).sampling(params).maxTokens(most).logprobs();
        }
    }

    private static List<Asked> asked(Random random, int count, int vocabulary, int longest, int[] prefix) {
        List<Asked> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int[] own = random.ints(1 + random.nextInt(longest), 0, vocabulary).toArray();
            int[] prompt = random.nextBoolean() ? own : joined(prefix, own);
            SamplingParams params = switch (random.nextInt(3)) {
                case 0 -> SamplingParams.GREEDY;
                case 1 -> new SamplingParams(0.8, 0, 0.95, 0, 1, random.nextInt(3));
                default -> new SamplingParams(1.2, 20, 1, 0.02, 1.2, random.nextInt(3));
            };
            all.add(new Asked(prompt, params, 1 + random.nextInt(longest)));
        }
        return all;
    }

    private static int[] joined(int[] a, int[] b) {
        int[] all = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, all, a.length, b.length);
        return all;
    }

    private static Completion alone(CausalLm model, Asked asked) {
        return new Generator(model).complete(asked.prompt, asked.params, asked.most, piece -> {});
    }

    /** Submits everything at random moments, runs to the end, and compares. Returns the reports. */
    private static List<StepReport> compare(CausalLm model, EngineOptions options, List<Asked> all, Random random) {
        return compare(
                model, options, all, all.stream().map(a -> alone(model, a)).toList(), random);
    }

    private static List<StepReport> compare(
            CausalLm model, EngineOptions options, List<Asked> all, List<Completion> alone, Random random) {
        List<StepReport> reports = new ArrayList<>();
        try (Engine engine = Engine.manual(model, options.with((StepListener) reports::add))) {
            List<RequestHandle> handles = new ArrayList<>();
            for (Asked a : all) {
                handles.add(engine.submit(a.request()));
                for (int i = random.nextInt(4); i > 0; i--) {
                    engine.step();
                }
            }
            engine.steps();
            for (int i = 0; i < all.size(); i++) {
                Completion expected = alone.get(i);
                Completion actual = handles.get(i).result();
                assertThat(actual.tokens()).as("request %d", i).isEqualTo(expected.tokens());
                assertThat(actual.text()).isEqualTo(expected.text());
                assertThat(actual.finishReason()).isEqualTo(expected.finishReason());
                assertThat(actual.logprobs()).isEqualTo(expected.logprobs());
            }
        }
        return reports;
    }

    @ParameterizedTest
    @CsvSource({"1,16,64,512", "2,16,7,16", "3,16,1,16", "4,32,128,512", "5,64,20,40"})
    void aBatchIsWhatEachWritesAlone(int seed, int pageTokens, int chunk, int budget) {
        Random random = new Random(seed);
        int vocabulary = TINY.tokenizer().vocabSize();
        int[] prefix = random.ints(70, 0, vocabulary).toArray();
        var policy = SchedulerPolicy.standard().withStepTokens(budget).withChunkTokens(chunk);
        var options = EngineOptions.standard()
                .with(policy)
                .with(PageBudget.tokens(4096).pageTokens(pageTokens));
        compare(TINY, options, asked(random, 24, vocabulary, 30, prefix), random);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void preemptionChangesNothing(boolean prefixCache) {
        Random random = new Random(9);
        int vocabulary = TINY.tokenizer().vocabSize();
        int[] prefix = random.ints(40, 0, vocabulary).toArray();
        var options = EngineOptions.standard()
                .with(PageBudget.tokens(9 * 16))
                .withPrefixCache(prefixCache)
                .with(SchedulerPolicy.standard().withSparePages(0));
        List<StepReport> reports = compare(TINY, options, asked(random, 30, vocabulary, 40, prefix), random);
        assertThat(reports.stream().mapToInt(r -> r.preempted().size()).sum()).isGreaterThan(3);
    }

    /** Pages of codes: what a text reads back is coded alike in a batch and alone, in chunks, after a preemption and from a prefix. */
    @ParameterizedTest
    @CsvSource({"INT8,1", "INT8,2", "INT4,3", "INT4,4"})
    void pagesOfCodesChangeNothing(KvKind kind, int seed) {
        Random random = new Random(seed);
        int vocabulary = TINY.tokenizer().vocabSize();
        int[] prefix = random.ints(40, 0, vocabulary).toArray();
        List<Asked> all = asked(random, 24, vocabulary, 30, prefix);
        PageBudget pages = PageBudget.tokens(9 * 16).kind(kind);
        var options = EngineOptions.standard()
                .with(pages)
                .with(SchedulerPolicy.standard()
                        .withStepTokens(24)
                        .withChunkTokens(7)
                        .withSparePages(0));
        var single = EngineOptions.standard()
                .with(pages)
                .withPrefixCache(false)
                .with(SchedulerPolicy.standard().withMaxRunning(1));
        List<Completion> alone = new ArrayList<>();
        for (Asked a : all) {
            try (Engine engine = Engine.manual(TINY, single)) {
                alone.add(engine.submit(a.request()).result());
            }
        }
        List<StepReport> reports = compare(TINY, options, all, alone, random); // closing throws when a page is lost
        assertThat(reports.stream().mapToInt(r -> r.preempted().size()).sum()).isPositive();
        assertThat(reports.stream().flatMap(r -> r.rows().stream()).mapToInt(StepReport.Row::knownTokens))
                .anyMatch(known -> known > 0);
    }

    @Test
    void aKnownPrefixChangesNothingAndIsNotComputed() {
        Random random = new Random(11);
        int vocabulary = TINY.tokenizer().vocabSize();
        int[] prefix = random.ints(100, 0, vocabulary).toArray();
        List<Asked> all = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            all.add(new Asked(
                    joined(
                            prefix,
                            random.ints(1 + random.nextInt(20), 0, vocabulary).toArray()),
                    SamplingParams.GREEDY,
                    20));
        }
        all.add(all.getFirst());
        List<StepReport> reports = new ArrayList<>();
        try (Engine engine = Engine.manual(TINY, EngineOptions.standard().with((StepListener) reports::add))) {
            for (Asked a : all) {
                assertThat(engine.submit(a.request()).result().tokens())
                        .isEqualTo(alone(TINY, a).tokens());
            }
            engine.submit(all.get(1).request().salt("another tenant"));
            StepReport last = Objects.requireNonNull(engine.step());
            assertThat(last.prefillTokens()).isEqualTo(all.get(1).prompt.length);
            assertThat(engine.metrics().prefixTokens()).isEqualTo(6 * 96);
        }
        assertThat(reports.stream()
                        .flatMap(r -> r.rows().stream())
                        .filter(row -> row.knownTokens() > 0)
                        .count())
                .isEqualTo(6);
    }

    @Test
    void sharedPagesAreCountedOnce() {
        int[] prompt = new Random(2).ints(48, 0, TINY.tokenizer().vocabSize()).toArray();
        try (Engine engine = Engine.manual(TINY)) {
            engine.submit(EngineRequest.tokens(prompt).maxTokens(30).ignoreEnd());
            engine.step();
            engine.submit(EngineRequest.tokens(joined(prompt, new int[] {1, 2}))
                    .maxTokens(30)
                    .ignoreEnd());
            StepReport report = Objects.requireNonNull(engine.step());
            assertThat(report.pages().shared()).isEqualTo(3);
            assertThat(report.pages().used()).isEqualTo(5);
            assertThat(report.rows()).extracting(StepReport.Row::pages).containsExactly(4, 4);
            long[] owners = engine.pageOwners();
            assertThat(owners).containsOnly(0, 1, PageOwner.SHARED, PageOwner.FREE);
            assertThat(Arrays.stream(owners)
                            .filter(owner -> owner == PageOwner.SHARED)
                            .count())
                    .isEqualTo(3);
            engine.steps();
            assertThat(engine.pageOwners()).containsOnly(PageOwner.KEPT, PageOwner.FREE);
            assertThat(engine.step()).isNull();
        }
    }

    /** The learner's scheduler and sampling take the library's places. */
    @Test
    void ownAnswers() {
        List<SchedulerState> seen = new ArrayList<>();
        SchedulerStep scheduler = (state, policy) -> {
            seen.add(state);
            return new Scheduler().plan(state, policy);
        };
        TopKFn onlyTheThird = (logits, k) -> {
            Tensor order = logits.neg().argsort(-1);
            return Tensor.where(
                    logits.eq(logits.takeAlongAxis(order.slice(1, 2, 3), -1)),
                    logits,
                    Tensor.scalar(Double.NEGATIVE_INFINITY));
        };
        Mine mine = new Mine(List.of(
                new Mine.Piece("2.6 scheduler", SchedulerStep.class, scheduler, ""),
                new Mine.Piece("1.7 top-k", TopKFn.class, onlyTheThird, "")));
        int[] prompt = {5, 6, 7};
        var third =
                EngineRequest.tokens(prompt).maxTokens(1).ignoreEnd().sampling(new SamplingParams(1, 5, 1, 0, 1, 0));
        try (Engine engine = Engine.manual(TINY).with(mine)) {
            int token = engine.submit(third).result().tokens().getFirst();
            assertThat(seen).hasSize(1);
            Tensor logits = TINY.lastLogits(prompt).slice(0, 0, TINY.tokenizer().vocabSize());
            assertThat(token).isEqualTo(logits.neg().argsort(-1).toInts()[2]);
            assertThatThrownBy(() -> engine.with(mine)).hasMessageContaining("has had requests");
        }
        assertThat(Engine.hasPlaceFor(SchedulerStep.class)).isTrue();
        assertThat(Engine.hasPlaceFor(Runnable.class)).isFalse();
    }

    /** The learner's order of the queue, before the learner's plan. */
    @Test
    void ownPolicy() {
        List<Integer> planned = new ArrayList<>();
        SchedulerStep scheduler = (state, policy) -> {
            planned.addAll(state.waiting().stream().map(Sequence::promptTokens).toList());
            return new Scheduler().plan(state, policy);
        };
        Mine mine = new Mine(List.of(
                new Mine.Piece("2.6 scheduler", SchedulerStep.class, scheduler, ""),
                new Mine.Piece("3.8 policy", PolicyFn.class, new ShortestWithAgeing(), "")));
        try (Engine engine = Engine.manual(TINY).with(mine)) {
            for (int length : new int[] {9, 3, 6}) {
                engine.submit(
                        EngineRequest.tokens(IntStream.range(5, 5 + length).toArray())
                                .maxTokens(1));
            }
            engine.step();
        }
        assertThat(planned).containsExactly(3, 6, 9);
        assertThat(Engine.hasPlaceFor(PolicyFn.class)).isTrue();
    }

    /** The learner's lists of pages and of known beginnings take the library's places: the text stays, and every page comes back. */
    @Test
    void ownPages() {
        List<String> asked = new ArrayList<>();
        PageKeysFn keys = (salt, tokens, pageTokens) -> {
            asked.add("keys");
            return new ChainedKeys().keys(salt, tokens, pageTokens);
        };
        EvictFn eviction = (kept, count) -> {
            asked.add("eviction");
            return new LeastRecentlyUsed().evict(kept, count);
        };
        for (Mine.Piece pages : List.of(
                new Mine.Piece("3.1 pool", PageList.class, new PooledPages(), ""),
                new Mine.Piece("4.2 owners", SharedPages.class, new CountedPages(), ""))) {
            Mine mine = new Mine(List.of(
                    pages,
                    new Mine.Piece("4.2 keys", PageKeysFn.class, keys, ""),
                    new Mine.Piece("4.2 eviction", EvictFn.class, eviction, "")));
            var few = EngineOptions.standard().with(PageBudget.tokens(96));
            try (Engine library = Engine.manual(TINY, few);
                    Engine own = Engine.manual(TINY, few).with(mine)) {
                for (int begin : new int[] {1, 1, 60, 120, 1}) {
                    var request = EngineRequest.tokens(
                                    IntStream.range(begin, begin + 50).toArray())
                            .maxTokens(8)
                            .ignoreEnd();
                    assertThat(own.submit(request).result().tokens())
                            .isEqualTo(library.submit(request).result().tokens());
                }
                assertThat(own.metrics().prefixTokens())
                        .isEqualTo(library.metrics().prefixTokens())
                        .isPositive();
            }
            assertThat(asked).contains("keys", "eviction");
        }
        assertThat(Stream.of(PageList.class, SharedPages.class, PageKeysFn.class, EvictFn.class))
                .allMatch(Engine::hasPlaceFor);
    }

    /** A fixed set of prompts on the models that are here. */
    @ParameterizedTest
    @ValueSource(strings = {"smollm2-135m", "qwen2.5-coder-0.5b"})
    void realModels(String name) {
        assumeTrue(ModelFiles.find(ModelRegistry.standard().get(name)) != null, name + " is not on this machine");
        CausalLm model = Models.load(name, KernelSet.OWN, LoadListener.NONE);
        String code = "def fibonacci(n):\n    if n < 2:\n        return n\n    return";
        List<Asked> all = new ArrayList<>();
        for (String prompt : List.of(
                "The capital of France is",
                code,
                "1, 2, 4, 8, 16,",
                code + " fibonacci(n - 1) + fibonacci(n - 2)\n\n\ndef main():\n    print(",
                "Water boils at")) {
            int[] ids = model.tokenizer().encode(prompt);
            all.add(new Asked(ids, SamplingParams.GREEDY, 12));
            all.add(new Asked(ids, new SamplingParams(0.8, 0, 0.95, 0, 1, 7), 8));
        }
        var options = EngineOptions.standard()
                .with(PageBudget.tokens(96))
                .with(SchedulerPolicy.standard()
                        .withStepTokens(16)
                        .withChunkTokens(6)
                        .withSparePages(0));
        List<StepReport> reports = compare(model, options, all, new Random(1));
        assertThat(reports).anyMatch(report -> !report.preempted().isEmpty());
        assertThat(reports).anyMatch(report -> report.decodeRows() > 0 && report.prefillTokens() > 0);
    }
}
