package tinyllm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import tinyllm.sampling.Adjustments;
import tinyllm.sampling.LogitsException;
import tinyllm.sampling.Sampler;
import tinyllm.sampling.SamplingParams;
import tinyllm.sampling.TopK;
import tinyllm.tensor.Tensor;

/** Each row by its own parameters, whatever stands beside it. */
class BatchSamplerTest {

    private static final int VOCABULARY = 50;
    private static final float INF = Float.POSITIVE_INFINITY;

    private final BatchSampler sampler = new BatchSampler(Sampler.library(), VOCABULARY, id -> true);

    private static float[] row(Random random) {
        float[] row = new float[VOCABULARY + 6];
        for (int i = 0; i < row.length; i++) {
            row[i] = i < VOCABULARY ? (float) random.nextGaussian() * 2 : 99; // padding of the table
        }
        return row;
    }

    private static EngineModel.Draw draw(SamplingParams params, long n) {
        return new EngineModel.Draw(params, n, new IntText(new int[] {3, 4, 3}), true);
    }

    private List<EngineModel.Chosen> choose(List<float[]> rows, List<EngineModel.Draw> draws) {
        return choose(sampler, rows, draws);
    }

    private static List<EngineModel.Chosen> choose(
            BatchSampler sampler, List<float[]> rows, List<EngineModel.Draw> draws) {
        float[] all = new float[rows.size() * (VOCABULARY + 6)];
        for (int i = 0; i < rows.size(); i++) {
            System.arraycopy(rows.get(i), 0, all, i * (VOCABULARY + 6), VOCABULARY + 6);
        }
        return sampler.choose(Tensor.of(all, rows.size(), VOCABULARY + 6), draws);
    }

    private static SamplingParams params(Random random) {
        return new SamplingParams(
                random.nextInt(3) == 0 ? 0 : 0.5 + random.nextDouble(),
                random.nextInt(3) == 0 ? 1 + random.nextInt(10) : 0,
                random.nextInt(2) == 0 ? 0.5 + random.nextDouble() / 2 : 1,
                random.nextInt(3) == 0 ? 0.1 : 0,
                random.nextInt(3) == 0 ? 1.3 : 1,
                random.nextLong());
    }

    @Test
    void aRowChoosesWhatItWouldAlone() {
        Random random = new Random(6);
        for (int round = 0; round < 40; round++) {
            List<float[]> rows = new ArrayList<>();
            List<EngineModel.Draw> draws = new ArrayList<>();
            for (int i = 0; i < 1 + random.nextInt(9); i++) {
                rows.add(row(random));
                draws.add(draw(params(random), random.nextInt(100)));
            }
            List<EngineModel.Chosen> together = choose(rows, draws);
            for (int i = 0; i < rows.size(); i++) {
                Tensor known = Tensor.of(Arrays.copyOf(rows.get(i), VOCABULARY), VOCABULARY);
                EngineModel.Draw d = draws.get(i);
                int expected = Sampler.library().sample(known, d.sampling(), new int[][] {{3, 4}}, d.n())[0];
                assertThat(together.get(i).token()).isEqualTo(expected).isLessThan(VOCABULARY);
                assertThat(together.get(i).logprob())
                        .isCloseTo(known.item(expected) - known.logSumExp(-1).item(), within(1e-4));
            }
        }
    }

    /** What a request adds, against sums by hand; and ids that are no tokens never come, whatever their logits (row T8). */
    @Test
    void editsAreAddedAndHolesNeverChosen() {
        Random random = new Random(8);
        BatchSampler holed = new BatchSampler(Sampler.library(), VOCABULARY, id -> id % 7 != 3);
        for (int round = 0; round < 60; round++) {
            List<float[]> rows = new ArrayList<>();
            List<EngineModel.Draw> draws = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                float[] row = row(random);
                row[random.nextInt(VOCABULARY)] += 10;
                row[3 + 7 * random.nextInt(6)] += 20;
                rows.add(row);
                int liked = random.nextInt(VOCABULARY);
                Adjustments own = i == 0
                        ? Adjustments.NONE
                        : new Adjustments(random.nextDouble(), random.nextDouble(), Map.of(liked, 4.0));
                draws.add(new EngineModel.Draw(
                        params(random),
                        2,
                        new IntText(new int[] {9, 4, 4}),
                        random.nextInt(3) - 1,
                        new LogitEdits(own, null, Set.of()),
                        9));
            }
            List<EngineModel.Chosen> together = choose(holed, rows, draws);
            for (int i = 0; i < 5; i++) {
                EngineModel.Draw d = draws.get(i);
                EngineModel.Chosen chosen = together.get(i);
                assertThat(chosen.error()).isNull();
                assertThat(chosen.token() % 7).isNotEqualTo(3);
                assertThat(chosen.token()).isLessThan(VOCABULARY);
                assertThat(chosen.top()).hasSize(Math.max(0, d.logprobs()));
                if (d.sampling().temperature() == 0 && d.sampling().repetitionPenalty() == 1) {
                    assertThat(chosen.token()).isEqualTo(byHand(rows.get(i), d));
                }
            }
        }
    }

    private static int byHand(float[] row, EngineModel.Draw draw) {
        float[] sums = Arrays.copyOf(row, VOCABULARY);
        float[] edit = draw.edits().added(VOCABULARY, draw.text(), 2);
        int best = -1;
        for (int id = 0; id < VOCABULARY; id++) {
            sums[id] += edit == null ? 0 : edit[id];
            if (id % 7 != 3 && (best < 0 || sums[id] > sums[best])) {
                best = id;
            }
        }
        return best;
    }

    @Test
    void adjustmentsByHand() {
        float[] row = new float[6];
        new Adjustments(0.5, 0.25, Map.of(1, 3.0, 5, -100.0)).addTo(row, new int[] {2, 4, 2});
        assertThat(row).containsExactly(0, 3, -1, 0, -0.75f, -100);
        assertThatThrownBy(() -> new Adjustments(2.1, 0, Map.of())).hasMessageContaining("presence_penalty must be in");
        assertThatThrownBy(() -> new Adjustments(0, Double.NaN, Map.of())).hasMessageContaining("frequency_penalty");
        assertThatThrownBy(() -> new Adjustments(0, 0, Map.of(-1, 1.0))).hasMessageContaining("the token -1");
        assertThatThrownBy(() -> new Adjustments(0, 0, Map.of(1, Double.NaN))).hasMessageContaining("logit_bias");
    }

    /** A learner's step instead of the library's: the same rules. */
    @Test
    void aLearnersSamplerObeysToo() {
        BatchSampler own = new BatchSampler(Sampler.library().with(TopK::new), VOCABULARY, id -> id != 7);
        float[] row = row(new Random(1));
        row[7] = 50;
        row[8] = 40;
        LogitEdits edits = new LogitEdits(new Adjustments(0, 0, Map.of(8, -100.0, 9, 60.0)), null, Set.of());
        var draw = new EngineModel.Draw(SamplingParams.GREEDY, 0, new IntText(new int[] {1}), 2, edits, 5);
        EngineModel.Chosen chosen = choose(own, List.of(row), List.of(draw)).getFirst();
        assertThat(chosen.token()).isEqualTo(9);
        assertThat(chosen.top()).extracting(Likely::id).containsExactly(7, 8);
    }

    @Test
    void brokenRowsFailAndTheOthersDontNotice() {
        Random random = new Random(7);
        List<float[]> rows = new ArrayList<>();
        List<EngineModel.Draw> draws = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            rows.add(row(random));
            draws.add(draw(i % 2 == 0 ? SamplingParams.GREEDY : new SamplingParams(0.8, 0, 0.95, 0, 1, i), 5));
        }
        List<EngineModel.Chosen> whole = choose(rows, draws);
        Arrays.fill(rows.get(1), Float.NaN);
        rows.get(2)[17] = Float.NaN;
        Arrays.fill(rows.get(4), -INF);
        rows.get(5)[0] = INF;
        rows.get(6)[3] = -INF;
        List<EngineModel.Chosen> broken = choose(rows, draws);
        for (int i : new int[] {0, 3, 6, 7}) {
            assertThat(broken.get(i).error()).isNull();
        }
        for (int i : new int[] {0, 3, 7}) {
            assertThat(broken.get(i)).isEqualTo(whole.get(i));
        }
        for (int i : new int[] {1, 2, 4, 5}) {
            assertThat(broken.get(i).error()).isInstanceOf(LogitsException.class);
        }
        assertThat(broken.get(4).error()).hasMessageContaining("no finite value");
        assertThat(broken.get(2).error()).hasMessageContaining("a NaN or an infinity");
    }

    @Test
    void ofEqualLogitsTheFirst() {
        float[] row = new float[VOCABULARY + 6];
        row[9] = row[20] = 1;
        assertThat(choose(List.of(row), List.of(draw(SamplingParams.GREEDY, 0)))
                        .getFirst()
                        .token())
                .isEqualTo(9);
    }

    @Test
    void nobodyChooses() {
        assertThat(sampler.choose(Tensor.zeros(tinyllm.tensor.DType.F32, 0, VOCABULARY), List.of()))
                .isEmpty();
    }
}
