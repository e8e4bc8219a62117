package tinyllm.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tinyllm.tensor.Tensor;

class SamplerTest {

    private static final int[][] NONE = {{}, {}};
    private static final Tensor PROBABILITIES = Tensor.of(new float[][] {{.4f, .3f, .2f, .1f}, {.1f, .2f, .3f, .4f}});

    private static SamplingParams params(double temperature, int topK, double topP, double minP) {
        return new SamplingParams(temperature, topK, topP, minP, 1, 7);
    }

    private static int[] kept(Tensor filtered, int row) {
        float[] all = filtered.toMatrix()[row];
        int[] ids = new int[all.length];
        int n = 0;
        for (int i = 0; i < all.length; i++) {
            if (all[i] != Float.NEGATIVE_INFINITY) {
                ids[n++] = i;
            }
        }
        return Arrays.copyOf(ids, n);
    }

    @Test
    void topOneIsRightForEveryRowOfABatch() {
        int[] tokens = Sampler.library().sample(PROBABILITIES.log(), params(1, 1, 1, 0), NONE, 0);
        assertThat(tokens).containsExactly(0, 3);
    }

    @ParameterizedTest
    @CsvSource({"0.05, 1", "0.4, 1", "0.41, 2", "0.69, 2", "0.71, 3", "0.91, 4", "1, 4"})
    void topPKeepsATokenWhileTheMassBeforeItIsBelowP(double p, int count) {
        Tensor filtered = Sampler.library().filter(PROBABILITIES.log(), params(1, 0, p, 0), NONE);
        assertThat(kept(filtered, 0)).hasSize(count).startsWith(0);
        assertThat(kept(filtered, 1)).hasSize(count).endsWith(3);
    }

    @Test
    void topPLooksAtTheDistributionAfterTheTemperature() {
        Tensor logits = PROBABILITIES.log();
        assertThat(kept(Sampler.library().filter(logits, params(0.1, 0, 0.9, 0), NONE), 0))
                .containsExactly(0);
        assertThat(kept(Sampler.library().filter(logits, params(2, 0, 0.9, 0), NONE), 0))
                .hasSize(4);
    }

    @Test
    void topKKeepsTheLowerIdsOfEqualTokens() {
        Tensor equal = Tensor.of(new float[] {1, 1, 1, 1}, 1, 4);
        assertThat(kept(Sampler.library().filter(equal, params(1, 2, 1, 0), NONE), 0))
                .containsExactly(0, 1);
    }

    @Test
    void minPIsAShareOfTheLargest() {
        Tensor filtered = Sampler.library().filter(PROBABILITIES.log(), params(1, 0, 1, 0.6), NONE);
        assertThat(kept(filtered, 0)).containsExactly(0, 1);
        assertThat(kept(filtered, 1)).containsExactly(2, 3);
    }

    @Test
    void repetitionPenaltyLowersPositiveAndNegativeLogits() {
        Tensor logits = Tensor.of(new float[] {2, -2, 1}, 1, 3);
        SamplingParams p = new SamplingParams(1, 0, 1, 0, 2, 0);
        Tensor out = Sampler.library().filter(logits, p, new int[][] {{0, 1}});
        assertThat(out.toFloats()).containsExactly(1, -4, 1);
    }

    @Test
    void greedyTakesTheLowestIdOfEqualLogits() {
        Tensor ties = Tensor.of(new float[] {0, 3, 3, 1});
        assertThat(Sampler.library().sample(ties, SamplingParams.GREEDY, new int[][] {{}}, 0))
                .containsExactly(1);
    }

    @Test
    void drawsFollowTheProbabilities() {
        int[] counts = new int[4];
        int draws = 4000;
        Tensor logits = PROBABILITIES.log().slice(0, 0, 1);
        for (int n = 0; n < draws; n++) {
            counts[Sampler.library().sample(logits, params(1, 0, 1, 0), new int[][] {{}}, n)[0]]++;
        }
        double[] expected = {.4, .3, .2, .1};
        for (int i = 0; i < 4; i++) {
            assertThat(counts[i] / (double) draws).isCloseTo(expected[i], within(0.03));
        }
    }

    @Test
    void aRowsDrawDoesNotDependOnItsNeighbours() {
        Tensor both = PROBABILITIES.log();
        for (int n = 0; n < 50; n++) {
            int alone = Sampler.library().sample(both.slice(0, 0, 1), params(1, 0, 1, 0), NONE, n)[0];
            assertThat(Sampler.library().sample(both, params(1, 0, 1, 0), NONE, n)[0])
                    .isEqualTo(alone);
        }
    }

    @Test
    void filtersAreRightForRandomRows() {
        Random random = new Random(3);
        for (int round = 0; round < 30; round++) {
            float[] logits = new float[2 * 50];
            for (int i = 0; i < logits.length; i++) {
                logits[i] = (float) random.nextGaussian() * 3;
            }
            Tensor batch = Tensor.of(logits, 2, 50);
            int k = 1 + random.nextInt(49);
            Tensor filtered = Sampler.library().filter(batch, params(1, k, 1, 0), NONE);
            for (int row = 0; row < 2; row++) {
                float[] sorted = Arrays.copyOfRange(logits, row * 50, row * 50 + 50);
                Arrays.sort(sorted);
                float floor = sorted[50 - k];
                int[] kept = kept(filtered, row);
                assertThat(kept).hasSize(k);
                for (int id : kept) {
                    assertThat(logits[row * 50 + id]).isGreaterThanOrEqualTo(floor);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY})
    void brokenLogitsNeverBecomeATokens(float bad) {
        Tensor logits = Tensor.of(new float[] {1, bad, 2});
        for (double temperature : new double[] {0, 1}) {
            assertThatThrownBy(
                            () -> Sampler.library().sample(logits, params(temperature, 0, 1, 0), new int[][] {{}}, 0))
                    .isInstanceOf(LogitsException.class);
        }
    }

    @Test
    void noFiniteLogitIsAnError() {
        Tensor logits = Tensor.full(Double.NEGATIVE_INFINITY, tinyllm.tensor.DType.F32, 1, 4);
        assertThatThrownBy(() -> Sampler.library().sample(logits, SamplingParams.GREEDY, new int[][] {{}}, 0))
                .isInstanceOf(LogitsException.class)
                .hasMessageContaining("no finite value");
    }

    @ParameterizedTest
    @CsvSource({
        "-1,0,1,0,1",
        "NaN,0,1,0,1",
        "2.1,0,1,0,1",
        "1,-1,1,0,1",
        "1,0,0,0,1",
        "1,0,1.1,0,1",
        "1,0,NaN,0,1",
        "1,0,1,-0.1,1",
        "1,0,1,0,0"
    })
    void paramsOutOfRangeAreRefusedByName(double t, int k, double p, double minP, double penalty) {
        assertThatThrownBy(() -> new SamplingParams(t, k, p, minP, penalty, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageMatching("(temperature|top_k|top_p|min_p|repetition_penalty) must be .*");
    }
}
