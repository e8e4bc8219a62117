package tinyllm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tinyllm.cache.CompressedKvCache;
import tinyllm.cache.KeysValues;
import tinyllm.kernel.KernelSet;
import tinyllm.nn.MaskFn;
import tinyllm.nn.Masks;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** A cache that forgets: what stays, and that a model sees exactly that. */
class CompressedKvCacheTest {

    private static CausalLm load(Path folder, KernelSet set) throws Exception {
        return Models.load(TinyQuantized.write(folder, "qwen3").toString(), set, LoadListener.NONE);
    }

    private static int[] text(int tokens) {
        return new Random(11).ints(tokens, 0, 64).toArray();
    }

    /** The causal mask of a sink and a window: what a cache of the same sizes shows to tokens that come one by one. */
    private record WindowMask(int sinks, int recent) implements MaskFn {
        @Override
        public Tensor causal(int l, int s, DType dtype) {
            Tensor query = Tensor.arange(l).add(s - l).reshape(l, 1);
            Tensor key = Tensor.arange(s).reshape(1, s);
            Tensor near = key.ge(query.sub(recent)).or(key.lt(sinks));
            return Masks.additive(near.and(key.le(query)), dtype);
        }

        @Override
        public Tensor padding(int[] lengths, int s, DType dtype) {
            return new Masks().padding(lengths, s, dtype);
        }
    }

    @Test
    void aWindowIsAMask(@TempDir Path folder) throws Exception {
        CausalLm model = load(folder, KernelSet.REFERENCE);
        int[] text = text(40);
        float[] masked = model.with(() -> new WindowMask(2, 9)).lastLogits(text).toFloats();
        try (CompressedKvCache cache = new CompressedKvCache(2, 100, 2, 0, 9)) {
            Tensor last = Tensor.scalar(0);
            for (int token : text) {
                last = model.lastLogits(new int[] {token}, cache);
                assertThat(cache.kept()).isLessThanOrEqualTo(11);
            }
            assertThat(cache.length()).isEqualTo(40);
            assertThat(cache.positions(1, 0)).containsExactly(0, 1, 31, 32, 33, 34, 35, 36, 37, 38, 39);
            float[] logits = last.toFloats();
            for (int i = 0; i < masked.length; i++) {
                assertThat(logits[i]).isCloseTo(masked[i], within(1e-4f));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(KernelSet.class)
    void withRoomForAllItForgetsNothing(KernelSet set, @TempDir Path folder) throws Exception {
        CausalLm model = load(folder, set);
        int[] text = text(30);
        try (CompressedKvCache cache = new CompressedKvCache(2, 100, 1, 4, 50)) {
            model.lastLogits(Arrays.copyOf(text, 17), cache);
            float[] logits =
                    model.lastLogits(Arrays.copyOfRange(text, 17, 30), cache).toFloats();
            float[] all = model.lastLogits(text).toFloats();
            for (int i = 0; i < all.length; i++) {
                assertThat(logits[i]).isCloseTo(all[i], within(set == KernelSet.OWN ? 0.5f : 1e-3f));
            }
            cache.rewind(13);
            assertThat(model.lastLogits(Arrays.copyOfRange(text, 17, 30), cache).toFloats())
                    .isEqualTo(logits);
        }
    }

    @ParameterizedTest
    @EnumSource(KernelSet.class)
    void heavyTokensStayForEveryHead(KernelSet set, @TempDir Path folder) throws Exception {
        CausalLm model = load(folder, set);
        try (CompressedKvCache cache = new CompressedKvCache(2, 100, 1, 3, 4)) {
            model.lastLogits(text(30), cache);
            for (int layer = 0; layer < 2; layer++) {
                for (int head = 0; head < 2; head++) {
                    int[] positions = cache.positions(layer, head);
                    assertThat(positions).hasSize(8).isSorted().contains(0, 26, 27, 28, 29);
                }
            }
            assertThat(cache.nbytes()).isEqualTo(2L * 2 * 2 * 8 * 32 * 4);
            assertThat(model.lastLogits(new int[] {5}, cache).isNaN().any()).isFalse();
        }
    }

    /** Two KV heads with one query head each, which look at different tokens. */
    @Test
    void eachHeadKeepsWhatItsQueriesLookedAt() {
        try (CompressedKvCache cache = new CompressedKvCache(1, 100, 0, 1, 2)) {
            Tensor numbers =
                    Tensor.arange(6).reshape(1, 1, 6, 1).astype(DType.F32).broadcastTo(1, 2, 6, 2);
            cache.append(0, new KeysValues(numbers, numbers));
            float[] weights = new float[2 * 6];
            weights[1] = 0.9f; // head 0 looks at token 1
            weights[6 + 3] = 0.8f; // head 1 at token 3
            weights[5] = 2; // a recent one needs no merit
            cache.attended(0, Tensor.of(weights, 1, 2, 1, 6));
            cache.advance(6);
            assertThat(cache.positions(0, 0)).containsExactly(1, 4, 5);
            assertThat(cache.positions(0, 1)).containsExactly(3, 4, 5);
            KeysValues all = cache.append(0, new KeysValues(numbers.slice(2, 0, 1), numbers.slice(2, 0, 1)));
            assertThat(all.keys().at("0, :, :, 0").toFloats()).containsExactly(1, 4, 5, 0, 3, 4, 5, 0);
        }
    }

    @Test
    void whatIsForgottenDoesNotComeBack(@TempDir Path folder) throws Exception {
        CausalLm model = load(folder, KernelSet.REFERENCE);
        try (CompressedKvCache cache = new CompressedKvCache(2, 30, 2, 0, 5)) {
            model.lastLogits(text(20), cache);
            cache.rewind(0);
            cache.rewind(5);
            assertThat(cache.length()).isEqualTo(15);
            assertThat(cache.kept()).isEqualTo(2);
            assertThatThrownBy(() -> cache.rewind(1))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("can't go back behind them");
            assertThatThrownBy(() -> cache.rewind(16)).hasMessageContaining("holds 15 tokens");
            assertThatThrownBy(() -> cache.reserve(16)).hasMessageContaining("may hold 30");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1,0,1", "0,-1,1", "0,0,0"})
    void impossibleSizesAreRefused(String sizes) {
        int[] n = Arrays.stream(sizes.split(",")).mapToInt(Integer::parseInt).toArray();
        assertThatThrownBy(() -> new CompressedKvCache(1, 10, n[0], n[1], n[2])).hasMessageContaining("can't keep");
    }

    /** A learner's choice: too few, not rising, or beyond the text. */
    @ParameterizedTest
    @ValueSource(strings = {"0,1", "2,1,0", "4,5,6"})
    void aChoiceThatCantBeKeptIsRefused(String places) {
        int[] chosen =
                Arrays.stream(places.split(",")).mapToInt(Integer::parseInt).toArray();
        Tensor numbers = Tensor.zeros(DType.F32, 1, 1, 6, 2);
        try (CompressedKvCache cache = new CompressedKvCache((r, s, h, n) -> chosen, 1, 10, 1, 0, 2)) {
            cache.append(0, new KeysValues(numbers, numbers));
            assertThatThrownBy(() -> cache.advance(6))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("of 6 tokens 3 may stay")
                    .hasMessageContaining(Arrays.toString(chosen));
        }
    }
}
