package tinyllm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tinyllm.cache.PageBudget;
import tinyllm.kernel.KernelSet;
import tinyllm.model.CausalLm;
import tinyllm.model.LoadListener;
import tinyllm.model.Models;
import tinyllm.sampling.Adjustments;
import tinyllm.sampling.JsonConstraint;
import tinyllm.sampling.SamplingParams;
import tinyllm.sampling.TokenConstraint;
import tinyllm.sampling.grammar.TokenSet;
import tinyllm.sampling.grammar.TokenTrie;
import tinyllm.sampling.json.JsonSchema;
import tinyllm.sampling.json.JsonSchemaTest;
import tools.jackson.databind.json.JsonMapper;

/** Requests with rules of their own, among others: what each writes obeys its own, and is what it would write alone. */
@Tag("slow")
class ConstrainedBatchTest {

    private static final CausalLm TINY = Models.load(
            Path.of("src/test/resources/checkpoints/mlx-q4-g64").toString(), KernelSet.OWN, LoadListener.NONE);
    private static final int MOST = 150;
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final SchemaRegistry REGISTRY =
            SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);

    private static JsonConstraint.Ready ready(String schema) {
        return new JsonConstraint.Ready(JsonSchema.compile(schema), TokenTrie.of(TINY.tokenizer()), TINY.tokenizer());
    }

    private static EngineOptions crowded() {
        return EngineOptions.standard()
                .with(PageBudget.tokens(1024))
                .with(SchedulerPolicy.standard().withSparePages(0));
    }

    private static SamplingParams params(int i) {
        return i % 3 == 0
                ? SamplingParams.GREEDY
                : new SamplingParams(1.1, i % 2 * 20, 0.95, 0, i % 4 == 1 ? 1.2 : 1, i);
    }

    /** Every schema of the list at once, with fewer pages than they need, and unconstrained neighbours between them. */
    @Test
    void everySchemaInOneBatchValidatesAndIsWhatItIsAlone() throws IOException {
        List<String> schemas = JsonSchemaTest.schemas().toList();
        assertThat(schemas).hasSizeGreaterThan(60);
        List<StepReport> reports = new ArrayList<>();
        Map<String, RequestHandle> handles = new LinkedHashMap<>();
        try (Engine engine = Engine.manual(TINY, crowded().with((StepListener) reports::add))) {
            for (int i = 0; i < schemas.size(); i++) {
                String schema = schemas.get(i);
                handles.put(
                        schema,
                        engine.submit(EngineRequest.tokens(30 + i, 5)
                                .maxTokens(MOST)
                                .sampling(params(i))
                                .constrained(ready(schema)::start)));
                if (i % 5 == 0) {
                    engine.submit(EngineRequest.tokens(7, i).maxTokens(40).sampling(params(i)));
                }
            }
            engine.steps();
        }
        assertThat(reports).anyMatch(report -> !report.preempted().isEmpty());
        for (int i = 0; i < schemas.size(); i++) {
            String schema = schemas.get(i);
            Completion done = Objects.requireNonNull(handles.get(schema)).result();
            var errors = REGISTRY.getSchema(schema)
                    .validate(
                            MAPPER.readTree(done.text()),
                            run -> run.executionConfig(config -> config.formatAssertionsEnabled(true)));
            assertThat(errors).as("%s under %s", done.text(), schema).isEmpty();
            assertThat(done.finishReason()).as(schema).isEqualTo("stop"); // the mask leads each to its end in time
            if (i % 6 == 0) {
                Completion alone =
                        new Generator(TINY).json(schema).complete(new int[] {30 + i, 5}, params(i), MOST, piece -> {});
                assertThat(done.tokens()).as(schema).isEqualTo(alone.tokens());
            }
        }
    }

    @Test
    void tooFewTokensEndWithLength() {
        try (Engine engine = Engine.manual(TINY)) {
            var request = EngineRequest.tokens(5).constrained(ready("{\"const\":\"a long text\"}")::start);
            Completion cut = engine.submit(request.maxTokens(4)).result();
            assertThat(cut.finishReason()).isEqualTo("length");
            assertThat("\"a long text\"").startsWith(cut.text());
            Completion whole = engine.submit(request.maxTokens(60)).result();
            assertThat(whole.text()).isEqualTo("\"a long text\"");
            assertThat(whole.finishReason()).isEqualTo("stop");
        }
    }

    /** At the limit what is whole has stopped; what could have gone on is cut. */
    @Test
    void wholeOnTheLastToken() {
        try (Engine engine = Engine.manual(TINY)) {
            EngineRequest held = EngineRequest.tokens(5).constrained(ready("{\"const\":[true,null]}")::start);
            Completion free = engine.submit(held.maxTokens(60)).result();
            int needed = free.tokens().size();
            Completion just = engine.submit(held.maxTokens(needed)).result();
            assertThat(just.text()).isEqualTo("[true,null]");
            assertThat(just.finishReason()).isEqualTo("stop");
            Completion alone = new Generator(TINY)
                    .json("{\"const\":[true,null]}")
                    .complete(new int[] {5}, SamplingParams.GREEDY, needed, piece -> {});
            assertThat(alone.finishReason()).isEqualTo("stop");
            EngineRequest number =
                    EngineRequest.tokens(5).constrained(ready("{\"type\":\"integer\",\"minimum\":1}")::start);
            Completion digit = engine.submit(number.maxTokens(1)).result();
            assertThat(digit.text()).matches("[1-9]");
            assertThat(digit.finishReason()).isEqualTo("length");
        }
    }

    /** Somebody else's constraint that breaks ends that request alone. */
    @Test
    void aConstraintThatThrowsEndsItsRequestAlone() {
        TokenConstraint broken = new TokenConstraint() {
            @Override
            public TokenSet allowed(int tokensLeft) {
                throw new IllegalStateException("this schema is too wild");
            }

            @Override
            public boolean mayEnd() {
                return false;
            }

            @Override
            public void accept(int token) {}
        };
        try (Engine engine = Engine.manual(TINY)) {
            EngineRequest plain = EngineRequest.tokens(9, 8).maxTokens(12);
            Completion alone = engine.submit(plain).result();
            RequestHandle bad = engine.submit(plain.constrained(() -> broken));
            RequestHandle good = engine.submit(plain);
            assertThat(good.result().tokens()).isEqualTo(alone.tokens());
            assertThatThrownBy(bad::result).hasMessageContaining("this schema is too wild");
        }
    }

    @Test
    void whatNeverWorksIsRefusedWhenItIsSubmitted() {
        try (Engine engine = Engine.manual(TINY)) {
            Supplier<JsonConstraint> any = ready("true")::start;
            EngineRequest held = EngineRequest.tokens(1).constrained(any).ignoreEnd();
            assertThatThrownBy(() -> engine.submit(held)).hasMessageContaining("needs a token that ends it");
            for (int id : new int[] {271, 263, Integer.MAX_VALUE}) {
                EngineRequest biased = EngineRequest.tokens(1).adjustments(new Adjustments(0, 0, Map.of(id, 5.0)));
                assertThatThrownBy(() -> engine.submit(biased))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("the token " + id);
            }
            assertThat(engine.metrics().refused()).isEqualTo(4);
        }
    }

    /** Each parameter among others is what it is alone, and does what it says. */
    @Test
    void penaltiesBiasAndLogprobsInABatch() {
        Random random = new Random(4);
        List<EngineRequest> requests = new ArrayList<>();
        for (int i = 0; i < 24; i++) {
            Map<Integer, Double> bias = random.nextBoolean() ? Map.of(random.nextInt(256), 100.0) : Map.of();
            requests.add(EngineRequest.tokens(
                            random.ints(1 + random.nextInt(9), 0, 260).toArray())
                    .maxTokens(20)
                    .ignoreEnd()
                    .sampling(params(i))
                    .logprobs(i % 4)
                    .adjustments(new Adjustments(i % 2 * 1.5, i % 3 * 0.7, bias)));
        }
        List<List<Token>> alone = requests.stream()
                .map(request -> {
                    try (Engine engine = Engine.manual(TINY)) {
                        return engine.submit(request).tokens().toList();
                    }
                })
                .toList();
        try (Engine engine = Engine.manual(TINY, crowded())) {
            List<RequestHandle> handles = requests.stream().map(engine::submit).toList();
            engine.steps();
            for (int i = 0; i < handles.size(); i++) {
                assertThat(handles.get(i).tokens().toList()).as("request %d", i).isEqualTo(alone.get(i));
            }
        }
        for (int i = 0; i < alone.size(); i++) {
            int top = i % 4;
            assertThat(alone.get(i)).filteredOn(token -> token.id() >= 0).allSatisfy(token -> {
                assertThat(token.top()).hasSize(top);
                assertThat(token.logprob()).isLessThanOrEqualTo(0);
            });
        }
    }

    @Test
    void aBiasDecides() {
        try (Engine engine = Engine.manual(TINY)) {
            EngineRequest request = EngineRequest.tokens(5, 6).maxTokens(8).ignoreEnd();
            Completion only = engine.submit(request.adjustments(new Adjustments(0, 0, Map.of(65, 100.0))))
                    .result();
            assertThat(only.tokens()).containsOnly(65);
            Completion spread = engine.submit(request.adjustments(new Adjustments(2, 2, Map.of(65, 100.0))))
                    .result();
            assertThat(spread.tokens()).as("100 is more than 8 · 2 + 2").containsOnly(65);
            int first = engine.submit(request).result().tokens().getFirst();
            Completion banned = engine.submit(request.adjustments(new Adjustments(0, 0, Map.of(first, -100.0))))
                    .result();
            assertThat(banned.tokens()).doesNotContain(first);
        }
    }
}
