package tinyllm.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PrefixIndexTest {
    private static final PrefixIndex.PageHash CONSTANT = (before, tokens, from, to) -> 7;

    private static int[] tokens(int... values) {
        return values;
    }

    @Test
    void findsTheLongestKnownBeginningInFullPages() {
        PrefixIndex index = new PrefixIndex(2);
        PrefixIndex.Inserted inserted = index.insert("", tokens(1, 2, 3, 4, 5), new int[] {10, 11, 12});
        assertThat(inserted.pages()).containsExactly(10, 11);
        assertThat(inserted.known()).isZero();
        assertThat(index.size()).isEqualTo(2);
        assertThat(index.find("", tokens(1, 2, 3, 4, 5, 6), 6)).containsExactly(10, 11);
        assertThat(index.find("", tokens(1, 2, 3, 9), 4)).containsExactly(10);
        assertThat(index.find("", tokens(2, 1, 3, 4), 4)).isEmpty();
        assertThat(index.find("", tokens(1, 2, 3, 4), 3)).containsExactly(10);
        assertThat(index.find("", tokens(), 5)).isEmpty();
        assertThat(index.known("", tokens(1, 2, 3, 4), 9)).isEqualTo(4);
    }

    @Test
    void branchesShareTheirTrunk() {
        PrefixIndex index = new PrefixIndex(2);
        index.insert("", tokens(1, 2, 3, 4), new int[] {0, 1});
        PrefixIndex.Inserted branch = index.insert("", tokens(1, 2, 5, 6), new int[] {8, 2});
        assertThat(branch.pages()).containsExactly(0, 2);
        assertThat(branch.known()).isEqualTo(1);
        assertThat(index.find("", tokens(1, 2, 5, 6), 4)).containsExactly(0, 2);
        assertThat(index.find("", tokens(1, 2, 3, 4), 4)).containsExactly(0, 1);
    }

    @Test
    void saltsAreWorldsOfTheirOwn() {
        PrefixIndex index = new PrefixIndex(2);
        index.insert("alice", tokens(1, 2), new int[] {4});
        assertThat(index.find("bob", tokens(1, 2), 2)).isEmpty();
        assertThat(index.find("", tokens(1, 2), 2)).isEmpty();
        assertThat(index.find("alice", tokens(1, 2), 2)).containsExactly(4);
    }

    /** Fault E6: with one hash for everything the content alone decides. */
    @Test
    void collisionsAreHarmless() {
        PrefixIndex index = new PrefixIndex(2, CONSTANT);
        index.insert("", tokens(1, 2, 3, 4), new int[] {0, 1});
        index.insert("", tokens(5, 6, 3, 4), new int[] {2, 3});
        assertThat(index.find("", tokens(1, 2, 3, 4), 4)).containsExactly(0, 1);
        assertThat(index.find("", tokens(5, 6, 3, 4), 4)).containsExactly(2, 3);
        assertThat(index.find("", tokens(7, 8), 2)).isEmpty();
        assertThat(index.evict(5, page -> page == 3)).containsExactly(3);
        assertThat(index.find("", tokens(5, 6, 3, 4), 4)).containsExactly(2);
        assertThat(index.find("", tokens(1, 2, 3, 4), 4)).containsExactly(0, 1);
    }

    @Test
    void theLeafThatWasUsedLongestAgoGoesFirst() {
        PrefixIndex index = new PrefixIndex(1);
        index.insert("", tokens(1, 2), new int[] {1, 2});
        index.insert("", tokens(1, 3), new int[] {1, 3});
        index.insert("", tokens(4), new int[] {4});
        index.find("", tokens(1, 2), 2);
        assertThat(index.evict(2, page -> true)).containsExactly(3, 4);
        assertThat(index.evict(2, page -> page != 2)).isEmpty();
        assertThat(index.evict(0, page -> true)).isEmpty();
        assertThat(index.evict(9, page -> true)).containsExactly(2, 1);
        assertThat(index.size()).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void agreesWithAPlainMap(long seed) {
        Random random = new Random(seed);
        PrefixIndex index = seed % 2 == 0 ? new PrefixIndex(2) : new PrefixIndex(2, CONSTANT);
        Map<List<Integer>, Integer> plain = new HashMap<>(); // the text up to a page's end, and the page
        int next = 0;
        for (int round = 0; round < 600; round++) {
            int[] text = random.ints(random.nextInt(12), 0, 3).toArray();
            if (random.nextInt(3) == 0) {
                for (int page : index.evict(1 + random.nextInt(3), p -> true)) {
                    plain.values().remove(page);
                }
            } else if (random.nextBoolean()) {
                int[] pages = new int[text.length / 2];
                for (int i = 0; i < pages.length; i++) {
                    pages[i] = next++;
                    plain.putIfAbsent(boxed(text, 2 * i + 2), pages[i]);
                }
                index.insert("", text, pages);
            } else {
                List<Integer> expected = new ArrayList<>();
                for (int end = 2; end <= text.length && plain.containsKey(boxed(text, end)); end += 2) {
                    expected.add(plain.get(boxed(text, end)));
                }
                assertThat(Arrays.stream(index.find("", text, text.length)).boxed())
                        .isEqualTo(expected);
            }
            assertThat(Arrays.stream(index.pages()).boxed()).containsExactlyInAnyOrderElementsOf(plain.values());
        }
    }

    private static List<Integer> boxed(int[] text, int end) {
        return Arrays.stream(text, 0, end).boxed().toList();
    }
}
