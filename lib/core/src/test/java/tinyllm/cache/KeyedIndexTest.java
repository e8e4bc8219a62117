package tinyllm.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An index of keys finds what the radix tree finds, and poor keys or a poor eviction harm nobody. */
class KeyedIndexTest {

    private static KeyedIndex index(PageKeysFn keys) {
        return new KeyedIndex(keys, new LeastRecentlyUsed(), 2);
    }

    private static int[] tokens(int... values) {
        return values;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void agreesWithTheTree(long seed) {
        Random random = new Random(seed);
        KeyedIndex index = index(new ChainedKeys());
        PrefixIndex tree = new PrefixIndex(2);
        int next = 0;
        for (int round = 0; round < 400; round++) {
            int[] text = random.ints(random.nextInt(12), 0, 3).toArray();
            String salt = random.nextBoolean() ? "a" : "b";
            switch (random.nextInt(3)) {
                case 0 -> {
                    int count = 1 + random.nextInt(4);
                    assertThat(index.evict(count, page -> page % 5 != 0))
                            .isEqualTo(tree.evict(count, page -> page % 5 != 0));
                }
                case 1 -> {
                    int[] pages = new int[text.length / 2];
                    for (int i = 0; i < pages.length; i++) {
                        pages[i] = next++;
                    }
                    PrefixIndex.Inserted one = index.insert(salt, text, pages);
                    PrefixIndex.Inserted two = tree.insert(salt, text, pages);
                    assertThat(one.pages()).isEqualTo(two.pages());
                    assertThat(one.known()).isEqualTo(two.known());
                }
                default -> {
                    assertThat(index.known(salt, text, text.length - 1))
                            .isEqualTo(tree.known(salt, text, text.length - 1));
                    assertThat(index.find(salt, text, text.length)).isEqualTo(tree.find(salt, text, text.length));
                }
            }
            assertThat(index.size()).isEqualTo(tree.size());
        }
    }

    @Test
    void equalKeysCostHitsAndNothingElse() {
        KeyedIndex index = index((salt, tokens, pageTokens) -> new long[tokens.length / pageTokens]);
        assertThat(index.insert("", tokens(1, 2, 3, 4), new int[] {0, 1}).pages())
                .containsExactly(0);
        assertThat(index.insert("", tokens(5, 6), new int[] {2}).pages()).isEmpty();
        assertThat(index.find("", tokens(5, 6), 2)).isEmpty();
        assertThat(index.find("", tokens(1, 2, 3, 4), 4)).containsExactly(0);
        assertThat(index.find("b", tokens(1, 2), 2)).isEmpty();
    }

    @Test
    void aWrongNumberOfKeysIsRefused() {
        assertThatThrownBy(
                        () -> index((salt, tokens, pageTokens) -> new long[9]).find("", tokens(1, 2, 3), 3))
                .hasMessage("a text of 2 tokens has 1 full pages of 2; it got 9 keys");
    }

    @Test
    void anEvictionThatHarmsIsRefused() {
        for (String[] wrong : new String[][] {
            {"1", "kept pages build on it"}, {"2", "a running sequence has it"}, {"7", "it is not kept"}
        }) {
            KeyedIndex index =
                    new KeyedIndex(new ChainedKeys(), (kept, count) -> new int[] {Integer.parseInt(wrong[0])}, 2);
            index.insert("", tokens(1, 2, 3, 4), new int[] {1, 2});
            assertThatThrownBy(() -> index.evict(1, page -> page != 2)).hasMessageContaining(wrong[1]);
        }
        KeyedIndex greedy = new KeyedIndex(new ChainedKeys(), (kept, count) -> new int[] {2, 1}, 2);
        greedy.insert("", tokens(1, 2, 3, 4), new int[] {1, 2});
        assertThatThrownBy(() -> greedy.evict(1, page -> true)).hasMessage("1 pages were needed, and 2 were to go");
    }
}
