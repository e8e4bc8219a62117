package tinyllm.lab.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import tinyllm.lab.attention.HeadHabit.Place;

class HeadHabitTest {

    private static final float HIDDEN = Float.NaN;

    @Test
    void first() {
        float[][] map = {{1, HIDDEN, HIDDEN}, {0.9f, 0.1f, HIDDEN}, {0.7f, 0.2f, 0.1f}};

        assertThat(HeadHabit.of(map).place()).isEqualTo(Place.FIRST);
        assertThat(HeadHabit.onFirst(map)).isCloseTo(0.8, within(1e-6));
        assertThat(HeadHabit.of(map).caption()).isEqualTo("first 80 %");
    }

    @Test
    void previousDoesNotCountTheFirstTokenTwice() {
        float[][] map = {{1, HIDDEN, HIDDEN, HIDDEN}, {1, 0, HIDDEN, HIDDEN}, {0, 1, 0, HIDDEN}, {0, 0, 1, 0}};

        assertThat(HeadHabit.of(map).place()).isEqualTo(Place.PREVIOUS);
        assertThat(HeadHabit.of(map).share()).isCloseTo(2 / 3.0, within(1e-6));
    }

    @Test
    void itself() {
        float[][] map = {{1, HIDDEN, HIDDEN}, {0.2f, 0.8f, HIDDEN}, {0.1f, 0.3f, 0.6f}};

        assertThat(HeadHabit.of(map).place()).isEqualTo(Place.ITSELF);
    }

    @Test
    void spread() {
        float[][] map = new float[8][8];
        for (int i = 0; i < 8; i++) {
            for (int j = 0; j < 8; j++) {
                map[i][j] = j <= i ? 1f / (i + 1) : HIDDEN;
            }
        }

        assertThat(HeadHabit.of(map).place()).isEqualTo(Place.SPREAD);
        assertThat(HeadHabit.of(map).caption()).isEqualTo("mixed");
    }

    @Test
    void withoutFirstRowsSumToOneAgain() {
        float[][] map = {{1, HIDDEN, HIDDEN}, {0.9f, 0.1f, HIDDEN}, {0.6f, 0.1f, 0.3f}};

        float[][] rest = HeadHabit.withoutFirst(map);

        assertThat(rest[0][0]).isEqualTo(1);
        assertThat(rest[0][1]).isNaN();
        assertThat(rest[1]).containsExactly(new float[] {0.25f, 0.75f}, within(1e-6f));
    }

    @Test
    void aRowThatSeesOnlyTheFirstTokenStaysEmpty() {
        float[][] map = {{1, HIDDEN}, {1, 0}};

        assertThat(HeadHabit.withoutFirst(map)[0]).containsExactly(0f);
    }
}
