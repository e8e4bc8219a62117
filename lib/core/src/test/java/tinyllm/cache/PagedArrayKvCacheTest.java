package tinyllm.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tinyllm.tensor.Tensor;

/** Sequences in pages of arrays keep what they are given, and give every page back. */
class PagedArrayKvCacheTest {
    private static final int LAYERS = 2;
    private static final int KV = 2;
    private static final int DIM = 3;
    private static final int PAGES = 10;

    private final PooledKvArrays arrays = new PooledKvArrays();

    @BeforeEach
    void begin() {
        arrays.begin(PAGES, 4, LAYERS, KV * DIM);
    }

    private PagedArrayKvCache cache(int sequence) {
        return new PagedArrayKvCache(arrays, sequence, LAYERS, KV, DIM, PAGES * 4);
    }

    private static KeysValues drawn(int seed, int tokens) {
        return new KeysValues(Tensor.normal(seed, 1, KV, tokens, DIM), Tensor.normal(seed + 1, 1, KV, tokens, DIM));
    }

    /** Through random steps of three sequences each layer returns what arrays of their own would. */
    @Test
    void isAsGoodAsMemoryOfItsOwn() {
        Random random = new Random(31);
        for (int round = 0; round < 10; round++) {
            PagedArrayKvCache[] paged = {cache(0), cache(1), cache(2)};
            KvCache[] own = new KvCache[3];
            for (int i = 0; i < own.length; i++) {
                own[i] = new ArrayKvCache(new GrowingKvArrays(), LAYERS, KV, DIM, PAGES * 4);
            }
            for (int step = 0; step < 12; step++) {
                int s = random.nextInt(3);
                int tokens = 1 + random.nextInt(3);
                if (random.nextInt(4) == 0) {
                    int back = random.nextInt(paged[s].length() + 1);
                    paged[s].rewind(back);
                    own[s].rewind(back);
                    continue;
                }
                paged[s].reserve(tokens);
                own[s].reserve(tokens);
                for (int layer = 0; layer < LAYERS; layer++) {
                    KeysValues given = drawn(100 * round + 10 * step + layer, tokens);
                    KeysValues a = paged[s].append(layer, given);
                    KeysValues b = own[s].append(layer, given);
                    assertThat(a.keys().shape()).isEqualTo(b.keys().shape());
                    assertThat(a.keys().toFloats()).isEqualTo(b.keys().toFloats());
                    assertThat(a.values().toFloats()).isEqualTo(b.values().toFloats());
                }
                paged[s].advance(tokens);
                own[s].advance(tokens);
                assertThat(paged[s].length()).isEqualTo(own[s].length());
                assertThat(paged[s].pages()).hasSize(Math.ceilDiv(paged[s].length(), 4));
            }
            for (PagedArrayKvCache one : paged) {
                one.close();
                one.close();
            }
            assertThat(arrays.free()).isEqualTo(PAGES);
        }
    }

    @Test
    void takesAllPagesOrNone() {
        PagedArrayKvCache first = cache(0);
        first.reserve(33);
        first.advance(33);
        assertThat(arrays.free()).isEqualTo(1);
        PagedArrayKvCache second = cache(1);

        assertThatThrownBy(() -> second.reserve(5))
                .isInstanceOf(PagesException.class)
                .hasMessage("2 pages are needed, and 1 of 10 are free");
        assertThat(arrays.free()).isEqualTo(1);
        first.rewind(1);
        assertThat(first.nbytes()).isEqualTo(2L * LAYERS * 32 * KV * DIM * Float.BYTES);
        second.reserve(5);
        assertThat(arrays.free()).isZero();
    }

    @Test
    void refusesWhatMakesNoSense() {
        PagedArrayKvCache cache = cache(0);

        assertThatThrownBy(() -> cache.reserve(41)).hasMessageContaining("41 more do not fit");
        assertThatThrownBy(() -> cache.rewind(1)).hasMessageContaining("can't forget 1");
        assertThatThrownBy(() -> new PagedArrayKvCache(arrays, 0, LAYERS, 0, DIM, 8))
                .hasMessageContaining("holds nothing");
        assertThatThrownBy(() -> arrays.begin(0, 4, 1, 1)).hasMessageContaining("hold nothing");
        cache.close();
        assertThatThrownBy(() -> cache.reserve(1)).hasMessageContaining("closed");
    }
}
