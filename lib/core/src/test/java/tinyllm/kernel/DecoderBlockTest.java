package tinyllm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

class DecoderBlockTest {

    private static final int WIDTH = 64;
    private static final int INNER = 96;
    private static final int HEADS = 4;
    private static final int KV_HEADS = 2;
    private static final int DIM = 16;

    private final Random random = new Random(8);
    private final RopeTable rope = new RopeTable(DIM, 10_000);
    private final Tensor norm = Tensor.normal(1, WIDTH).add(1).eval();
    private final QuantizedMatmul projections = QuantizedMatmul.of(
            norm, 1e-6, weight(HEADS * DIM, WIDTH), weight(KV_HEADS * DIM, WIDTH), weight(KV_HEADS * DIM, WIDTH));
    private final CachedAttention attention = new CachedAttention(HEADS, KV_HEADS, DIM, false, 0.25);
    private final QuantizedMatmul output = QuantizedMatmul.of(weight(WIDTH, HEADS * DIM));
    private final QuantizedMatmul gateUp =
            QuantizedMatmul.swiGlu(norm, 1e-6, weight(INNER, WIDTH), weight(INNER, WIDTH));
    private final QuantizedMatmul down = QuantizedMatmul.of(weight(WIDTH, INNER));

    private PackedWeight weight(int rows, int cols) {
        return PackedWeight.pack(
                new WeightForm(rows, cols, 4, 32, WeightForm.Scales.HALF),
                (first, count, codes, scales, biases, d, dmin) -> {
                    Random one = new Random(31L * first + cols);
                    for (int i = 0; i < count * cols; i++) {
                        codes[i] = (byte) one.nextInt(16);
                    }
                    for (int i = 0; i < count * cols / 32; i++) {
                        scales[i] = 0.02f * (one.nextFloat() - 0.5f);
                        biases[i] = 0.1f * (one.nextFloat() - 0.5f);
                    }
                },
                null);
    }

    private static KvStorage storage(int tokens) {
        KvStorage storage = new KvStorage(KV_HEADS, DIM, 16, DType.F16);
        storage.reserve(tokens);
        return storage;
    }

    /** A prompt of some rows, then token by token. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17, 70})
    void bitForBitWhatItsPartsGive(int tokens) {
        DecoderBlock block = new DecoderBlock(projections, attention, output, gateUp, down);
        try (KvStorage one = storage(tokens + 3);
                KvStorage other = storage(tokens + 3)) {
            int position = 0;
            for (int rows : new int[] {tokens, 1, 2}) {
                Tensor x = Tensor.normal(random.nextLong(), 1, rows, WIDTH).eval();
                Tensor h = output.apply(attention.apply(projections.apply(x), rope, other, position), x);
                Tensor expected = down.apply(gateUp.apply(h), h);
                Tensor whole = block.apply(x, rope, one, position);
                assertThat(whole.shape()).isEqualTo(x.shape());
                assertThat(whole.toFloats()).as("%d rows at %d", rows, position).isEqualTo(expected.toFloats());
                position += rows;
            }
        }
    }

    @Test
    void partsHaveToFit() {
        assertThatThrownBy(() -> new DecoderBlock(projections, attention, down, gateUp, down))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("do not fit each other");
        DecoderBlock block = new DecoderBlock(projections, attention, output, gateUp, down);
        try (KvStorage small = storage(4)) {
            assertThatThrownBy(() -> block.apply(Tensor.zeros(DType.F32, 1, 2, WIDTH - 1), rope, small, 0))
                    .hasMessageContaining("rows of " + WIDTH);
            assertThatThrownBy(() -> block.apply(Tensor.zeros(DType.F32, 1, 200, WIDTH), rope, small, 0))
                    .hasMessageContaining("do not fit into a cache");
        }
        try (KvStorage foreign = new KvStorage(KV_HEADS, 2 * DIM, 16, DType.F16)) {
            assertThatThrownBy(() -> block.apply(Tensor.zeros(DType.F32, 1, 1, WIDTH), rope, foreign, 0))
                    .hasMessageContaining("another model's");
        }
    }
}
