package tinyllm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tinyllm.sampling.LogitsException;
import tinyllm.sampling.Sampler;
import tinyllm.sampling.SamplingParams;
import tinyllm.sampling.grammar.TokenSet;
import tinyllm.tensor.Tensor;

class TokenChoiceTest {

    private static final int VOCABULARY = 5000;
    private static final Tensor LOGITS =
            Tensor.normal(4, 6, VOCABULARY + 24).mul(2).eval();

    private static final List<TokenChoice.Ask> ASKS = List.of(
            ask(SamplingParams.GREEDY),
            ask(new SamplingParams(1, 0, 1, 0, 1, 3)),
            ask(new SamplingParams(0.7, 1000, 0.95, 0, 1, 4)),
            ask(new SamplingParams(1.4, 4000, 1, 0, 1, 5)),
            ask(new SamplingParams(1, 0, 0.9, 0.01, 1, 6)),
            new TokenChoice.Ask(new SamplingParams(0.9, 50, 1, 0, 1.3, 7), new int[] {5, 9}, 2));

    private static TokenChoice.Ask ask(SamplingParams params) {
        return new TokenChoice.Ask(params, new int[0], 2);
    }

    /** The sampler's own choice for each row alone, over the tokens that are no padding. */
    @Test
    void theSamplersChoice() {
        List<TokenChoice.Chosen> chosen = TokenChoice.of(LOGITS, VOCABULARY, ASKS);
        for (int r = 0; r < ASKS.size(); r++) {
            TokenChoice.Ask ask = ASKS.get(r);
            Tensor row = LOGITS.slice(0, r, r + 1).slice(1, 0, VOCABULARY);
            int token = Sampler.library().sample(row, ask.params(), new int[][] {ask.seen()}, ask.step())[0];
            assertThat(chosen.get(r).token()).as("row %d", r).isEqualTo(token);
            assertThat(chosen.get(r).logprob())
                    .isCloseTo(row.item(0, token) - row.logSumExp(-1).item(), within(1e-5));
        }
    }

    @Test
    void neighboursChangeNothing() {
        for (List<TokenChoice.Ask> asks : List.of(ASKS, held(31))) {
            List<TokenChoice.Chosen> together = TokenChoice.of(LOGITS, VOCABULARY, asks);
            List<TokenChoice.Chosen> alone = new ArrayList<>();
            for (int r = 0; r < asks.size(); r++) {
                alone.addAll(TokenChoice.of(LOGITS.slice(0, r, r + 1), VOCABULARY, List.of(asks.get(r))));
            }
            assertThat(alone).isEqualTo(together);
        }
    }

    /** The same, each held to about one id in {@code each} and to the text's end. */
    private static List<TokenChoice.Ask> held(int each) {
        List<TokenChoice.Ask> asks = new ArrayList<>();
        Random random = new Random(each);
        for (TokenChoice.Ask ask : ASKS) {
            BitSet ids = new BitSet();
            IntStream.range(0, VOCABULARY)
                    .filter(id -> random.nextInt(each) == 0)
                    .forEach(ids::set);
            TokenMask mask = new TokenMask(TokenSet.of(ids, VOCABULARY), Set.of(VOCABULARY - 1));
            asks.add(new TokenChoice.Ask(ask.params(), ask.seen(), ask.step(), null, mask, 3));
        }
        return asks;
    }

    /** The sampler's own choice among what a constraint allows: nearly nothing, little, nearly all. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 40, 20_000})
    void theSamplersChoiceOfWhatIsAllowed(int each) {
        List<TokenChoice.Ask> asks = held(each);
        List<TokenChoice.Chosen> chosen = TokenChoice.of(LOGITS, VOCABULARY, asks);
        for (int r = 0; r < asks.size(); r++) {
            TokenChoice.Ask ask = asks.get(r);
            Tensor row = LOGITS.slice(0, r, r + 1).slice(1, 0, VOCABULARY);
            Tensor penalized = Sampler.library().penalized(row, ask.params(), new int[][] {ask.seen()});
            Tensor allowed = penalized.add(Tensor.of(Objects.requireNonNull(ask.whole(VOCABULARY)), 1, VOCABULARY));
            SamplingParams params = ask.params().withoutRepetitionPenalty();
            int token = Sampler.library().sample(allowed, params, new int[][] {{}}, ask.step())[0];
            assertThat(chosen.get(r).token()).as("row %d", r).isEqualTo(token);
            assertThat(chosen.get(r).logprob())
                    .isCloseTo(row.item(0, token) - row.logSumExp(-1).item(), within(1e-5));
            assertThat(chosen.get(r).top())
                    .hasSize(3)
                    .first()
                    .extracting(Likely::id)
                    .isEqualTo(row.argmax(-1).toInts()[0]);
        }
    }

    @Test
    void aConstraintThatAllowsNothing() {
        TokenMask none = new TokenMask(TokenSet.none(VOCABULARY), Set.of());
        var ask = new TokenChoice.Ask(new SamplingParams(1, 0, 1, 0, 1, 3), new int[0], 0, null, none, 0);
        TokenChoice.Chosen chosen =
                TokenChoice.of(LOGITS.slice(0, 0, 1), VOCABULARY, List.of(ask)).getFirst();
        assertThat(chosen.problem()).isNotNull().hasMessageContaining("no token");
    }

    /** A row without a token breaks nobody else's. */
    @Test
    void brokenRows() {
        float[][] rows = {{1, 2, Float.NaN}, {1, 3, 2}, {Float.POSITIVE_INFINITY, 0, 0}};
        List<TokenChoice.Chosen> chosen = TokenChoice.of(
                Tensor.of(rows), 3, List.of(ask(SamplingParams.GREEDY), ask(SamplingParams.GREEDY), ASKS.get(1)));
        assertThat(chosen).extracting(TokenChoice.Chosen::token).containsExactly(-1, 1, -1);
        assertThat(chosen.get(0).problem()).isInstanceOf(LogitsException.class).hasMessageContaining("NaN");
        assertThat(chosen.get(1).problem()).isNull();
    }

    @Test
    void aRowForEachChoice() {
        assertThatThrownBy(() -> TokenChoice.of(LOGITS, VOCABULARY, ASKS.subList(0, 2)))
                .hasMessageContaining("[2, V]");
    }
}
