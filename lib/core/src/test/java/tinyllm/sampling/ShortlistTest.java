package tinyllm.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tinyllm.tensor.Tensor;

class ShortlistTest {

    private static final int VOCABULARY = 3000;

    private static float[] row(long seed, double spread) {
        Random random = new Random(seed);
        float[] row = new float[VOCABULARY];
        for (int i = 0; i < row.length; i++) {
            row[i] = (float) (spread * random.nextGaussian());
        }
        return row;
    }

    private static Shortlist of(float[] row, int count, double temperature) {
        int[] ids = IntStream.range(0, row.length)
                .boxed()
                .sorted(Comparator.<Integer>comparingDouble(i -> -row[i]).thenComparingInt(i -> i))
                .limit(count)
                .mapToInt(i -> i)
                .toArray();
        float[] logits = new float[count];
        for (int i = 0; i < count; i++) {
            logits[i] = row[ids[i]];
        }
        double sum = 0;
        for (float x : row) {
            sum += Math.exp(x / temperature);
        }
        return new Shortlist(ids, logits, Math.log(sum), row.length);
    }

    /** Whatever the list decides is what the whole row decides; what it can't tell lies beyond it. */
    @ParameterizedTest
    @CsvSource({
        "1, 0, 1, 0, 4",
        "1, 0, 1, 0, 1",
        "0.7, 0, 1, 0, 3",
        "2, 0, 1, 0, 4",
        "1, 40, 1, 0, 2",
        "1, 40, 0.6, 0, 2",
        "0.8, 0, 0.9, 0, 3",
        "1, 0, 0.5, 0, 3",
        "1, 0, 1, 0.05, 3",
        "1.3, 100, 0.95, 0.02, 4"
    })
    @Tag("slow")
    void decidesAsTheWholeRow(double temperature, int topK, double topP, double minP, double spread) {
        float[] row = row(11, spread);
        SamplingParams params = new SamplingParams(temperature, topK, topP, minP, 1, 5);
        Shortlist list = of(row, Shortlist.USUAL, temperature);
        int told = 0;
        for (int step = 0; step < 300; step++) {
            int place = list.choose(params, step);
            int token = oracle(row, params, step);
            if (place >= 0) {
                told++;
                assertThat(list.ids()[place]).as("step %d", step).isEqualTo(token);
            } else if (topP == 1) {
                assertThat(list.ids()).as("step %d", step).doesNotContain(token);
            }
        }
        assertThat(told).isPositive();
    }

    /** The formulas over the whole row, in double precision. */
    private static int oracle(float[] row, SamplingParams params, int step) {
        int[] ids = of(row, row.length, params.temperature()).ids();
        double[] p = new double[ids.length];
        int count = params.topK() == 0 ? p.length : params.topK();
        for (int i = 0; i < count; i++) {
            p[i] = Math.exp((row[ids[i]] - row[ids[0]]) / params.temperature());
        }
        double before = 0;
        double all = Arrays.stream(p).sum();
        for (int i = 0; i < count; i++) {
            double own = p[i];
            p[i] = before < params.topP() * all || params.topP() == 1 ? own : 0;
            before += own;
        }
        for (int i = 0; i < count; i++) {
            p[i] = p[i] >= params.minP() ? p[i] : 0;
        }
        double left =
                CounterRandom.uniform(params.seed(), step) * Arrays.stream(p).sum();
        for (int i = 0; i < count; i++) {
            left -= p[i];
            if (left < 0) {
                return ids[i];
            }
        }
        throw new AssertionError("the draw left the row");
    }

    /** The sampler over array operations draws the same tokens, but for a rounding at the edge of a filter. */
    @Test
    void theSamplerDrawsTheSame() {
        float[] row = row(11, 3);
        Shortlist list = of(row, Shortlist.USUAL, 0.8);
        Tensor logits = Tensor.of(row, 1, row.length);
        for (SamplingParams params :
                new SamplingParams[] {new SamplingParams(0.8, 0, 1, 0, 1, 2), new SamplingParams(0.8, 30, 1, 0.01, 1, 2)
                }) {
            int told = 0;
            int same = 0;
            for (int step = 0; step < 100; step++) {
                int place = list.choose(params, step);
                int token = Sampler.library().sample(logits, params, new int[][] {{}}, step)[0];
                told += place >= 0 ? 1 : 0;
                same += place >= 0 && list.ids()[place] == token ? 1 : 0;
            }
            assertThat(told).isGreaterThan(50);
            assertThat(same).isGreaterThanOrEqualTo(told - 1);
        }
    }

    @Test
    void greedyNeedsOneToken() {
        assertThat(new Shortlist(new int[] {9}, new float[] {3}, 0, 100).choose(SamplingParams.GREEDY, 4))
                .isZero();
    }

    @Test
    void tooShortToTell() {
        Shortlist list = of(row(2, 0.1), 50, 1); // nearly uniform: 50 of 3000 hold 2 %
        assertThat(list.choose(new SamplingParams(1, 60, 1, 0, 1, 0), 0)).isEqualTo(-1);
        assertThat(list.choose(new SamplingParams(1, 0, 0.5, 0, 1, 0), 0)).isEqualTo(-1);
        assertThat(list.choose(new SamplingParams(1, 0, 1, 0.01, 1, 0), 0)).isEqualTo(-1);
        assertThat(list.choose(new SamplingParams(1, 10, 1, 0, 1.1, 0), 0)).isEqualTo(-1);
        long beyond = IntStream.range(0, 1000)
                .filter(step -> list.choose(new SamplingParams(1, 0, 1, 0, 1, 0), step) < 0)
                .count();
        assertThat(beyond).isBetween(950L, 995L);
    }

    /** A list of everything is never too short. */
    @Test
    void wholeVocabulary() {
        float[] row = Arrays.copyOf(row(3, 1), 20);
        Shortlist list = of(row, 20, 1.5);
        for (SamplingParams params : new SamplingParams[] {
            new SamplingParams(1.5, 0, 1, 0, 1, 1),
            new SamplingParams(1.5, 19, 0.99, 0, 1, 1),
            new SamplingParams(1.5, 0, 1, 0.001, 1, 1)
        }) {
            for (int step = 0; step < 200; step++) {
                assertThat(list.choose(params, step)).isBetween(0, 19);
            }
        }
    }
}
