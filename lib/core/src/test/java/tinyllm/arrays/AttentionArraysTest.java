package tinyllm.arrays;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Attention over plain arrays: tile after tile is the same as all at once. */
class AttentionArraysTest {

    private static float[] random(Random random, int size) {
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    @ParameterizedTest
    @CsvSource({"1,1,1,1,true", "4,2,3,64,true", "4,2,65,65,true", "6,3,2,129,true", "2,2,5,70,false"})
    void tilesGiveWhatAllScoresGive(int heads, int kvHeads, int queries, int keys, boolean causal) {
        Random random = new Random(heads + 31L * keys);
        AttentionShape shape = new AttentionShape(heads, kvHeads, queries, keys, 16, causal, 0.25f);
        float[] q = random(random, heads * queries * 16);
        float[] k = random(random, kvHeads * keys * 16);
        float[] v = random(random, kvHeads * keys * 16);

        float[] tiled = new TiledAttention().attend(q, k, v, shape);
        float[] all = new LoopAttention().attend(q, k, v, shape);

        assertThat(tiled).hasSameSizeAs(all);
        for (int i = 0; i < all.length; i++) {
            assertThat(tiled[i]).isCloseTo(all[i], within(1e-5f));
        }
    }

    @Test
    void runningMeanIsTheSoftmaxsMean() {
        OnlineMean mean = new OnlineMean();
        mean.begin(1);
        mean.add(new float[] {1, 3}, new float[] {10, 20});
        mean.add(new float[] {500}, new float[] {30});
        mean.add(new float[] {Float.NEGATIVE_INFINITY}, new float[] {Float.MAX_VALUE});

        assertThat(mean.mean()).containsExactly(30);
    }

    @Test
    void nothingSeenIsZeros() {
        OnlineMean mean = new OnlineMean();
        mean.begin(2);
        mean.add(new float[] {Float.NEGATIVE_INFINITY}, new float[] {1, 2});

        assertThat(mean.mean()).containsExactly(0, 0);
    }

    @Test
    void shapesThatMakeNoSenseAreRefused() {
        assertThatThrownBy(() -> new AttentionShape(3, 2, 1, 1, 16, false, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("3 query heads, 2 KV heads");
        assertThatThrownBy(() -> new AttentionShape(2, 2, 5, 4, 16, true, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("5 queries cannot be the last positions of 4 keys");
    }
}
