package tinyllm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tinyllm.tensor.Tensor;

class TopCandidatesTest {

    private static final String BEST = InstructionSets.current();
    private static final float MASKED = Float.NEGATIVE_INFINITY;

    @AfterEach
    void best() {
        InstructionSets.use(BEST);
    }

    private static TopCandidates of(float[] row, int count) {
        return TopCandidates.of(Tensor.of(row, 1, row.length), row.length, wishes(count, 1));
    }

    /** Both sums, for these scales. */
    private static List<TopCandidates.Wish> wishes(int count, float... scales) {
        List<TopCandidates.Wish> wishes = new ArrayList<>();
        for (float scale : scales) {
            wishes.add(new TopCandidates.Wish(count, true, scale));
        }
        return wishes;
    }

    /** What nobody asks for is not computed, and changes nothing else. */
    @Test
    void sumsOnlyWhereTheyAreWanted() {
        Tensor x = Tensor.normal(3, 3, 500).mul(5);
        TopCandidates all = TopCandidates.of(x, 500, wishes(4, 1.25f, 1.25f, 1.25f));
        TopCandidates some = TopCandidates.of(
                x,
                500,
                List.of(
                        new TopCandidates.Wish(4, false, 0),
                        new TopCandidates.Wish(4, true, 0),
                        new TopCandidates.Wish(4, false, 1.25f)));
        assertThat(some.ids()).isDeepEqualTo(all.ids());
        assertThat(some.logSums()).containsExactly(Float.NaN, all.logSums()[1], Float.NaN);
        assertThat(some.scaledLogSums()).containsExactly(Float.NaN, Float.NaN, all.scaledLogSums()[2]);
    }

    /** Rows want lists of their own length, and get the begin of what they would get with more. */
    @Test
    void eachRowItsOwnCount() {
        Tensor x = Tensor.normal(3, 4, 900).mul(5);
        TopCandidates all = TopCandidates.of(x, 900, wishes(50, 1, 1, 1, 1));
        int[] counts = {1, 50, 7, 20};
        List<TopCandidates.Wish> wishes = Arrays.stream(counts)
                .mapToObj(count -> new TopCandidates.Wish(count, true, 1))
                .toList();
        TopCandidates some = TopCandidates.of(x, 900, wishes);
        for (int r = 0; r < counts.length; r++) {
            assertThat(some.ids()[r]).isEqualTo(Arrays.copyOf(all.ids()[r], counts[r]));
            assertThat(some.logits()[r]).isEqualTo(Arrays.copyOf(all.logits()[r], counts[r]));
        }
        assertThat(some.logSums()).isEqualTo(all.logSums());
    }

    /** Against a sort and a sum in double precision, whatever the instructions. */
    @ParameterizedTest
    @CsvSource({"1, 1", "5, 5", "16, 3", "63, 8", "64, 64", "65, 1", "1000, 256", "1000, 7", "49152, 256", "151936, 300"
    })
    void sorted(int vocabulary, int count) {
        Random random = new Random(vocabulary + count);
        float[][] rows = new float[3][vocabulary];
        for (float[] row : rows) {
            for (int i = 0; i < vocabulary; i++) {
                row[i] = Math.round(random.nextGaussian() * 400) / 100f; // coarse: many are equal
            }
        }
        float[] scales = {1, 1.25f, 0.5f};
        TopCandidates first = null;
        for (String set : InstructionSets.available()) {
            InstructionSets.use(set);
            TopCandidates top = TopCandidates.of(Tensor.of(rows), vocabulary, wishes(count, scales));
            for (int r = 0; r < rows.length; r++) {
                float[] row = rows[r];
                int[] expected = IntStream.range(0, vocabulary)
                        .boxed()
                        .sorted((a, b) -> row[a] == row[b] ? a - b : Float.compare(row[b], row[a]))
                        .limit(count)
                        .mapToInt(i -> i)
                        .toArray();
                assertThat(top.ids()[r]).as(set).isEqualTo(expected);
                assertThat(top.logits()[r])
                        .as(set)
                        .isEqualTo(floats(Arrays.stream(expected).mapToDouble(i -> row[i])));
                assertThat((double) top.logSums()[r]).isCloseTo(logSum(row, 1), within(1e-5));
                assertThat((double) top.scaledLogSums()[r]).isCloseTo(logSum(row, scales[r]), within(1e-5));
            }
            first = first == null ? top : first;
            assertThat(top.logSums()).as(set).isEqualTo(first.logSums());
            assertThat(top.scaledLogSums()).as(set).isEqualTo(first.scaledLogSums());
        }
    }

    private static float[] floats(java.util.stream.DoubleStream values) {
        double[] all = values.toArray();
        float[] floats = new float[all.length];
        for (int i = 0; i < all.length; i++) {
            floats[i] = (float) all[i];
        }
        return floats;
    }

    private static double logSum(float[] row, double scale) {
        double sum = 0;
        for (float x : row) {
            sum += Math.exp(scale * x);
        }
        return Math.log(sum);
    }

    /** What a row gets does not depend on the rows beside it. */
    @Test
    void rowsAreIndependent() {
        Tensor x = Tensor.normal(3, 9, 2000).mul(5);
        float[] scales = {1, 2, 1, 0.7f, 1, 1, 3, 1, 1};
        TopCandidates all = TopCandidates.of(x, 2000, wishes(40, scales));
        TopCandidates alone = TopCandidates.of(x.slice(0, 3, 4), 2000, wishes(40, 0.7f));
        assertThat(alone.ids()[0]).isEqualTo(all.ids()[3]);
        assertThat(alone.logits()[0]).isEqualTo(all.logits()[3]);
        assertThat(alone.logSums()[0]).isEqualTo(all.logSums()[3]);
        assertThat(alone.scaledLogSums()[0]).isEqualTo(all.scaledLogSums()[3]);
    }

    /** Columns past the vocabulary are padding, whatever they hold. */
    @Test
    void padding() {
        TopCandidates top =
                TopCandidates.of(Tensor.of(new float[] {1, 2, 9, Float.NaN, 3, 1, 9, 9}, 2, 4), 2, wishes(2, 1, 1));
        assertThat(top.ids()).isDeepEqualTo(new int[][] {{1, 0}, {0, 1}});
        assertThat((double) top.logSums()[0]).isCloseTo(2 + Math.log(1 + Math.exp(-1)), within(1e-6));
    }

    @Test
    void aNaNAnywhereBreaksItsRow() {
        for (int at : new int[] {0, 15, 16, 64, 130}) {
            float[] row = new float[131];
            row[at] = Float.NaN;
            TopCandidates top = of(row, 2);
            assertThat(top.ids()[0]).containsOnly(-1);
            assertThat(top.logits()[0]).containsOnly(Float.NaN);
            assertThat(top.logSums()[0]).isNaN();
        }
    }

    @Test
    void infinities() {
        float[] row = new float[200];
        Arrays.fill(row, MASKED);
        row[7] = 2;
        row[150] = 1;
        TopCandidates top = of(row, 4);
        assertThat(top.ids()[0]).isEqualTo(new int[] {7, 150, 0, 1});
        assertThat((double) top.logSums()[0]).isCloseTo(2 + Math.log1p(Math.exp(-1)), within(1e-6));
        row[7] = row[150] = MASKED;
        assertThat(of(row, 1).logits()[0]).containsExactly(MASKED);
        assertThat(of(row, 1).logSums()).containsExactly(MASKED);
        row[9] = Float.POSITIVE_INFINITY;
        assertThat(of(row, 1).ids()[0]).containsExactly(9);
        assertThat(of(row, 1).logSums()).containsExactly(Float.POSITIVE_INFINITY);
    }

    @Test
    void refusals() {
        Tensor x = Tensor.of(new float[6], 2, 3);
        assertThatThrownBy(() -> TopCandidates.of(x, 4, wishes(1, 1, 1))).hasMessageContaining("[2, 3]");
        assertThatThrownBy(() -> TopCandidates.of(x, 3, wishes(4, 1, 1))).hasMessageContaining("1…3, and one is 4");
        assertThatThrownBy(() -> TopCandidates.of(x, 3, wishes(1, 1))).hasMessageContaining("2 rows, and wishes of 1");
        for (float scale : new float[] {-1, Float.NaN, Float.POSITIVE_INFINITY}) {
            assertThatThrownBy(() -> wishes(1, scale)).hasMessageContaining("above 0");
        }
    }
}
