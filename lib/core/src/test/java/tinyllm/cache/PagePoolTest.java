package tinyllm.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PagePoolTest {

    @Test
    void countsWhatIsTakenAndGivenBack() {
        PagePool pool = new PagePool(4, 16);
        int first = pool.take();
        int[] two = pool.take(2);
        assertThat(pool.free()).isEqualTo(1);
        assertThat(pool.used()).isEqualTo(3);
        assertThat(List.of(first, two[0], two[1])).doesNotHaveDuplicates();
        assertThat(pool.release(two[0])).isTrue();
        assertThat(pool.free()).isEqualTo(2);
        assertThat(pool.references(two[0])).isZero();
        assertThat(pool.pagesFor(0)).isZero();
        assertThat(pool.pagesFor(16)).isEqualTo(1);
        assertThat(pool.pagesFor(17)).isEqualTo(2);
        assertThat(pool.tokens()).isEqualTo(64);
        pool.check();
    }

    @Test
    void takesAllOrNone() {
        PagePool pool = new PagePool(3, 16);
        pool.take();
        assertThatThrownBy(() -> pool.take(3))
                .isInstanceOf(PagesException.class)
                .hasMessage("3 pages are needed, and 2 of 3 are free");
        assertThat(pool.free()).isEqualTo(2);
        pool.take(2);
        assertThatThrownBy(pool::take).hasMessage("1 page is needed, and 0 of 3 are free");
        assertThat(pool.take(0)).isEmpty();
        pool.check();
    }

    @Test
    void aSharedPageIsFreeWhenItsLastOwnerGoes() {
        PagePool pool = new PagePool(2, 16);
        int page = pool.take();
        pool.retain(page);
        assertThat(pool.references(page)).isEqualTo(2);
        assertThat(pool.release(page)).isFalse();
        assertThat(pool.free()).isEqualTo(1);
        assertThat(pool.release(page)).isTrue();
        assertThat(pool.free()).isEqualTo(2);
    }

    @Test
    void aFreePageCanBeNeitherRetainedNorReleased() {
        PagePool pool = new PagePool(2, 16);
        int page = pool.take();
        pool.release(page);
        assertThatThrownBy(() -> pool.release(page)).hasMessage("page " + page + " is free: it has no owner");
        assertThatThrownBy(() -> pool.retain(page)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> pool.references(2)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> pool.take(-1)).hasMessage("-1 pages can't be taken");
        pool.check();
    }

    @Test
    void anEmptyPoolIsRefused() {
        assertThatThrownBy(() -> new PagePool(0, 16)).hasMessageContaining("0 pages");
        assertThatThrownBy(() -> new PagePool(1, 0)).hasMessageContaining("of 0 tokens");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void noPageIsLostOrUsedTwice(long seed) {
        Random random = new Random(seed);
        PagePool pool = new PagePool(40, 16);
        List<Integer> owned = new ArrayList<>(); // a page once for each owner
        for (int i = 0; i < 5_000; i++) {
            int choice = random.nextInt(3);
            if (choice == 0 && pool.free() > 0) {
                for (int page : pool.take(1 + random.nextInt(pool.free()))) {
                    assertThat(owned).doesNotContain(page);
                    owned.add(page);
                }
            } else if (choice == 1 && !owned.isEmpty()) {
                int page = owned.get(random.nextInt(owned.size()));
                pool.retain(page);
                owned.add(page);
            } else {
                for (int n = random.nextInt(8); n > 0 && !owned.isEmpty(); n--) {
                    pool.release(owned.remove(random.nextInt(owned.size())));
                }
            }
            assertThat(pool.used()).isEqualTo((int) owned.stream().distinct().count());
            pool.check();
        }
    }
}
