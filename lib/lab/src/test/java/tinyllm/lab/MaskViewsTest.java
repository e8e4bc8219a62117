package tinyllm.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.BitSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tinyllm.engine.Generator;
import tinyllm.kernel.KernelSet;
import tinyllm.model.CausalLm;
import tinyllm.model.LoadListener;
import tinyllm.model.Models;
import tinyllm.sampling.AnswerPenalties;
import tinyllm.sampling.Sampler;
import tinyllm.sampling.SamplingParams;
import tinyllm.sampling.grammar.AllowedTokens;
import tinyllm.sampling.grammar.AllowedTokensFn;
import tinyllm.sampling.grammar.ByteAutomaton;
import tinyllm.sampling.grammar.Derivative;
import tinyllm.sampling.grammar.DerivativeAutomaton;
import tinyllm.sampling.grammar.Expr;
import tinyllm.sampling.grammar.TokenNode;
import tinyllm.sampling.json.JsonSchema;

/** What chapter 4.3 draws is what the masks did, on a tiny random model. */
class MaskViewsTest {

    private static final Path TINY = Path.of("../core/src/test/resources/checkpoints/qwen2-tied-bf16");
    private static final Expr BOOK = JsonSchema.compile(
                    "{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":99},"
                            + "\"k\":{\"enum\":[\"a\",\"b\"]}},\"required\":[\"n\",\"k\"],\"additionalProperties\":false}")
            .expanded();
    private static CausalLm model;

    @BeforeAll
    static void load() {
        model = Models.load(TINY.toString(), KernelSet.OWN, LoadListener.NONE);
    }

    private static DerivativeAutomaton automaton() {
        return new DerivativeAutomaton(BOOK, new Derivative());
    }

    private static MaskedText text(int tokens) {
        return MaskedText.of(
                model, new Generator(model), automaton(), new AllowedTokens(), SamplingParams.GREEDY, "Hello", tokens);
    }

    @Test
    void aRandomModelWritesAWholeText() {
        MaskedText text = text(80);
        assertThat(text.whole()).isTrue();
        assertThat(automaton().accepts(text.text().getBytes(StandardCharsets.UTF_8)))
                .isTrue();
        assertThat(text.rows()).hasSize(text.states().size());
        assertThat(text.rows().getLast().written()).isEqualTo("⟨end⟩");
        assertThat(text.rows()).allSatisfy(row -> {
            assertThat(row.removedPercent()).isBetween(0.0, 100.0);
            assertThat(row.allowed()).isPositive();
        });
        assertThat(text.overruled()).isEqualTo((int)
                text.rows().stream().filter(row -> !row.wishAllowed()).count());
        double left = text.rows().stream()
                .mapToDouble(row -> 1 - row.removedPercent() / 100)
                .reduce(1, (a, b) -> a * b);
        assertThat(text.shareLeft()).isCloseTo(left, within(1e-12));
        assertThat(text.picture().text()).contains("tokens may come").contains("{");
        assertThat(text.toString()).contains("whole");
    }

    @Test
    void aLimitCutsItOff() {
        MaskedText text = text(3);
        assertThat(text.whole()).isFalse();
        assertThat(text.rows()).hasSize(3);
        assertThat(text.toString()).contains("cut off by the limit");
    }

    /** Allows everything, whatever the automaton says. */
    private static final class Careless implements AllowedTokensFn {
        @Override
        public void begin(ByteAutomaton automaton, TokenNode root, int end) {}

        @Override
        public BitSet allowed(int state) {
            BitSet all = new BitSet();
            all.set(0, 256);
            return all;
        }
    }

    @Test
    void aMaskThatAllowsTooMuchIsTold() {
        Generator careless = new Generator(model).held(automaton(), new Careless());
        assertThatThrownBy(() -> careless.chat("Hello", new SamplingParams(1, 0, 1, 0, 1, 1), 40, piece -> {}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("was in the mask, and the automaton does not take its bytes in state");
    }

    @Test
    void masksCostLessTheSecondTime() {
        MaskCost cost = MaskCost.of(model, text(80), MaskViewsTest::automaton, new AllowedTokens(), 2);
        assertThat(cost.rows()).hasSize(4);
        assertThat(cost.chart().text()).contains("a token the first time");
    }

    @Test
    void heldAnswersAreWhole() {
        HeldAnswers answers = HeldAnswers.of(
                new Generator(model),
                automaton(),
                new AllowedTokens(),
                new SamplingParams(1, 0, 1, 0.05, 1, 5),
                "Hello",
                2,
                48);
        assertThat(answers.rows()).allMatch(row -> row.heldIs().equals("whole"));
        assertThat(answers.rows()).noneMatch(row -> row.freeIs().equals("whole"));
        assertThat(answers.toString()).contains("2 when it is held");
        assertThat(answers.table().rowCount()).isEqualTo(2);
    }

    /** A learner's penalties give what the library's own way gives, in the generator and beside a repetition penalty. */
    @Test
    @Tag("slow")
    void penaltiesByArraysAreTheLibrarys() {
        Sampler own = Sampler.library().with(AnswerPenalties::new);
        Loops library = Loops.of(model, Sampler.library(), "abcabc", 40)
                .repetition(1)
                .answer(0.4, 0)
                .answer(0, 0.3)
                .repetition(1.2);
        Loops arrays = Loops.of(model, own, "abcabc", 40)
                .repetition(1)
                .answer(0.4, 0)
                .answer(0, 0.3)
                .repetition(1.2);
        assertThat(arrays.rows()).isEqualTo(library.rows());
        assertThat(library.rows().get(2).different())
                .isGreaterThan(library.rows().getFirst().different());
        assertThat(library.chart().text()).contains("repeats itself");
        assertThat(library.table().rowCount()).isEqualTo(4);
    }

    @Test
    void topPKeepsMoreAsItGrowsHot() {
        assertThat(TemperatureCut.of(model, Sampler.library(), "abc", 0.9, 0.5, 0.25, 2)
                        .text())
                .contains("At T = 2.0 top-p 0.9 keeps");
        assertThatThrownBy(() -> TemperatureCut.of(model, Sampler.library(), "abc", 0.9, 0.1, 1))
                .hasMessageContaining("two temperatures");
        assertThatThrownBy(() -> Loops.of(model, Sampler.library(), "abc", 3)).hasMessageContaining("too few");
    }
}
