package tinyllm.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tinyllm.kernel.CachedAttention;
import tinyllm.kernel.FlashAttention;
import tinyllm.kernel.RopeTable;
import tinyllm.kernel.RowKernels;
import tinyllm.nn.Heads;
import tinyllm.tensor.DType;
import tinyllm.tensor.Memory;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;
import tinyllm.tensor.TensorMemoryException;

class ContiguousKvCacheTest {
    private static final int HEADS = 6;
    private static final int KV = 2;
    private static final int DIM = 64;

    private static Tensor step(ContiguousKvCache cache, Tensor qkv, RopeTable table, CachedAttention attention) {
        int tokens = qkv.dim(1);
        cache.reserve(tokens);
        Tensor out =
                attention.apply(qkv, table, cache.storage(0), cache.length()).eval();
        cache.advance(tokens);
        return out;
    }

    private static CachedAttention attention() {
        return new CachedAttention(HEADS, KV, DIM, false, 0.125);
    }

    private static Tensor qkv(int tokens) {
        return Tensor.normal(7, 1, tokens, (HEADS + 2 * KV) * DIM);
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"F32", "F16"})
    void chunksAreTheWhole(DType dtype) {
        Tensor all = qkv(700);
        RopeTable table = new RopeTable(DIM, 1e4);
        float[] whole;
        try (ContiguousKvCache cache = new ContiguousKvCache(1, KV, DIM, 1000, dtype)) {
            whole = step(cache, all, table, attention()).toFloats();
        }
        int width = HEADS * DIM;
        for (int[] cuts : new int[][] {{0, 1, 2, 3, 700}, {0, 255, 256, 257, 513, 700}, {0, 16, 640, 641, 699, 700}}) {
            try (ContiguousKvCache cache = new ContiguousKvCache(1, KV, DIM, 1000, dtype)) {
                for (int i = 1; i < cuts.length; i++) {
                    Tensor out = step(cache, all.slice(1, cuts[i - 1], cuts[i]), table, attention());
                    assertThat(out.toFloats())
                            .as("tokens %d to %d of %s", cuts[i - 1], cuts[i], Arrays.toString(cuts))
                            .isEqualTo(Arrays.copyOfRange(whole, cuts[i - 1] * width, cuts[i] * width));
                }
            }
        }
    }

    @Test
    void agreesWithItsPartsOneByOne() {
        Tensor all = qkv(90);
        RopeTable table = new RopeTable(DIM, 1e4);
        try (ContiguousKvCache cache = new ContiguousKvCache(1, KV, DIM, 100, DType.F32);
                ContiguousKvCache other = new ContiguousKvCache(1, KV, DIM, 100, DType.F32)) {
            float[] fused = step(cache, all, table, attention()).toFloats();
            Tensor q = RowKernels.rope(Heads.split(all.slice(-1, 0, HEADS * DIM), HEADS), table, 0, false);
            Tensor k =
                    RowKernels.rope(Heads.split(all.slice(-1, HEADS * DIM, (HEADS + KV) * DIM), KV), table, 0, false);
            Tensor v = Heads.split(all.slice(-1, (HEADS + KV) * DIM, (HEADS + 2 * KV) * DIM), KV);
            other.reserve(90);
            KeysValues stored = other.append(0, new KeysValues(k, v));
            assertThat(stored.keys().toFloats()).isEqualTo(k.toFloats());
            assertThat(stored.values().toFloats()).isEqualTo(v.toFloats());
            Tensor parts = Heads.merge(FlashAttention.causal(q, stored.keys(), stored.values(), 0.125));
            assertThat(parts.toFloats()).isEqualTo(fused);
        }
    }

    /** A copy of the past would need as much memory as the past: 48 MB here, and a step may take one page of 1 MB. */
    @Test
    void growingCopiesNothingOfThePast() {
        int tokens = 12_000;
        RopeTable table = new RopeTable(DIM, 1e4);
        table.reserve(tokens + 600);
        CachedAttention attention = attention();
        try (ContiguousKvCache cache = new ContiguousKvCache(1, KV, DIM, tokens + 600, DType.F32)) {
            cache.reserve(tokens);
            cache.advance(tokens);
            long past = cache.nbytes();
            assertThat(past).isGreaterThanOrEqualTo(2L * 4 * KV * DIM * tokens);
            try (Scope scope = Scope.open()) {
                Tensor one = qkv(1).eval();
                step(cache, one, table, attention);
                Memory.resetPeak();
                long before = Memory.activeBytes();
                for (int i = 0; i < 300; i++) {
                    try (Scope inner = Scope.open()) {
                        step(cache, one, table, attention);
                    }
                }
                assertThat(Memory.peakBytes() - before).isLessThan(past / 8);
            }
            assertThat(cache.length()).isEqualTo(tokens + 301);
        }
    }

    @Test
    void rewindForgets() {
        Tensor all = qkv(600);
        RopeTable table = new RopeTable(DIM, 1e4);
        try (ContiguousKvCache cache = new ContiguousKvCache(1, KV, DIM, 1000, DType.F32)) {
            step(cache, all.slice(1, 0, 300), table, attention());
            long small = cache.nbytes();
            float[] next =
                    step(cache, all.slice(1, 300, 310), table, attention()).toFloats();
            step(cache, all.slice(1, 310, 600), table, attention());
            cache.rewind(300);
            assertThat(cache.length()).isEqualTo(300);
            assertThat(cache.nbytes()).isEqualTo(small);
            assertThat(step(cache, all.slice(1, 300, 310), table, attention()).toFloats())
                    .isEqualTo(next);
            cache.rewind(310);
            assertThat(cache.nbytes()).isZero();
        }
    }

    @Test
    void aStepThatFailsLeavesTheLength() {
        try (ContiguousKvCache cache = new ContiguousKvCache(1, KV, DIM, 20, DType.F32)) {
            assertThatThrownBy(() -> cache.reserve(21)).hasMessageContaining("may hold 20");
            assertThatThrownBy(() -> cache.rewind(1)).hasMessageContaining("holds 0 tokens");
            assertThatThrownBy(() -> cache.advance(1)).hasMessageContaining("never reserved");
            assertThatThrownBy(() -> attention().apply(qkv(1), new RopeTable(DIM, 1e4), cache.storage(0), 0))
                    .hasMessageContaining("do not fit into a cache of 0");
            cache.reserve(2);
            assertThatThrownBy(() -> cache.append(
                            0,
                            new KeysValues(
                                    Tensor.zeros(DType.F32, 1, 3, 1, DIM), Tensor.zeros(DType.F32, 1, 3, 1, DIM))))
                    .hasMessageContaining("[1, 3, 1, 64]");
            assertThat(cache.length()).isZero();
        }
    }

    @Test
    void moreThanTheBudgetIsRefusedBeforeItIsAllocated() {
        try (ContiguousKvCache cache = new ContiguousKvCache(1, 64, 1024, 1 << 30, DType.F32)) {
            assertThatThrownBy(() -> cache.reserve(1 << 30))
                    .isInstanceOf(TensorMemoryException.class)
                    .hasMessageContaining("keys and values of 1073741824 tokens")
                    .hasMessageContaining("budget");
            assertThat(cache.nbytes()).isZero();
        }
    }

    @Test
    void closedMemoryIsRefused() {
        ContiguousKvCache cache = new ContiguousKvCache(1, KV, DIM, 20, DType.F32);
        cache.reserve(1);
        cache.close();
        cache.close();
        assertThat(cache.nbytes()).isZero();
        assertThatThrownBy(() -> cache.reserve(1)).hasMessageContaining("closed");
    }
}
