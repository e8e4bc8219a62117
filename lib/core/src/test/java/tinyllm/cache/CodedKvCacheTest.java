package tinyllm.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Codes for keys and values: how far off they are, what they weigh, and that a cache of them goes on where it was. */
class CodedKvCacheTest {

    private static KeysValues step(long seed, int tokens) {
        return new KeysValues(Tensor.normal(seed, 1, 2, tokens, 64), Tensor.normal(seed + 100, 1, 2, tokens, 64));
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 4})
    void aNumberIsHalfAStepOffAtMost(int bits) {
        Tensor x = Tensor.normal(3, 1, 2, 5, 128).mul(10);
        KvCodes codes = new GroupKvCodec().pack(x, bits);
        assertThat(codes.codes().shape()).containsExactly(1, 2, 5, 128 * bits / 8);
        assertThat(codes.scales().shape()).containsExactly(1, 2, 5, 2);
        assertThat(codes.nbytes()).isEqualTo(10L * (128 * bits / 8 + 8));
        Tensor step = codes.scales().astype(DType.F32).expandDims(4);
        Tensor off =
                new GroupKvCodec().unpack(codes).sub(x).reshape(1, 2, 5, 2, 64).abs();
        // scale and zero are rounded to float16, 11 bits of up to 40 and of the range
        assertThat(off.sub(step.mul(0.5)).max().item()).isLessThan(0.04);
    }

    @Test
    void equalNumbersComeBack() {
        Tensor x = Tensor.full(0.5, DType.F32, 1, 1, 2, 64);
        GroupKvCodec codec = new GroupKvCodec();
        assertThat(codec.unpack(codec.pack(x, 4)).sub(x).abs().max().item()).isZero();
    }

    @Test
    void whatWasCodedStaysAsItIs() {
        GroupKvCodec codec = new GroupKvCodec();
        try (CodedKvCache cache = new CodedKvCache(codec, 2, 10, 8, 4)) {
            KeysValues first = step(1, 3);
            for (int layer = 0; layer < 2; layer++) {
                cache.append(layer, first);
            }
            cache.advance(3);
            long bytes = cache.nbytes();
            assertThat(bytes).isEqualTo(2L * 2 * 3 * (64 + 4 + 32 + 4));
            KeysValues all = cache.append(0, step(2, 1));
            assertThat(all.keys().shape()).containsExactly(1, 2, 4, 64);
            assertThat(all.keys().slice(2, 0, 3).toFloats())
                    .isEqualTo(codec.unpack(codec.pack(first.keys(), 8)).toFloats());
            assertThat(all.values().slice(2, 0, 3).toFloats())
                    .isEqualTo(codec.unpack(codec.pack(first.values(), 4)).toFloats());
        }
    }

    /** A step that did not advance left a row behind, and a rewind forgets one: the next step writes over both. */
    @Test
    void anUnfinishedStepIsWrittenOver() {
        try (CodedKvCache cache = new CodedKvCache(new GroupKvCodec(), 1, 10, 8, 8)) {
            cache.append(0, step(1, 4));
            cache.advance(4);
            cache.append(0, step(2, 2));
            cache.rewind(1);
            KeysValues all = cache.append(0, step(3, 1));
            assertThat(all.keys().dim(2)).isEqualTo(4);
            assertThat(all.keys()
                            .slice(2, 3, 4)
                            .sub(step(3, 1).keys())
                            .abs()
                            .max()
                            .item())
                    .isCloseTo(0, within(0.02));
        }
    }

    @Test
    void whatMakesNoSenseIsRefused() {
        GroupKvCodec codec = new GroupKvCodec();
        assertThatThrownBy(() -> new CodedKvCache(codec, 1, 10, 8, 3)).hasMessageContaining("8 and 4 are");
        assertThatThrownBy(() -> new CodedKvCache(codec, 0, 10, 8, 8)).hasMessageContaining("holds nothing");
        CodedKvCache cache = new CodedKvCache(codec, 1, 10, 8, 8);
        assertThatThrownBy(() -> cache.reserve(11)).hasMessageContaining("may hold 10");
        assertThatThrownBy(() -> cache.rewind(1)).hasMessageContaining("can't forget 1");
        cache.close();
        assertThatThrownBy(() -> cache.reserve(1)).hasMessageContaining("closed");
        assertThat(cache.nbytes()).isZero();
    }
}
