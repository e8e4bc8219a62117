package tinyllm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import tinyllm.sampling.LogitsException;
import tinyllm.sampling.Sampler;
import tinyllm.sampling.SamplingParams;
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
        List<TokenChoice.Chosen> together = TokenChoice.of(LOGITS, VOCABULARY, ASKS);
        List<TokenChoice.Chosen> alone = new ArrayList<>();
        for (int r = 0; r < ASKS.size(); r++) {
            alone.addAll(TokenChoice.of(LOGITS.slice(0, r, r + 1), VOCABULARY, List.of(ASKS.get(r))));
        }
        assertThat(alone).isEqualTo(together);
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
