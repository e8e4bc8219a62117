package tinyllm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tinyllm.kernel.BlockTables.Entry;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Attention straight from pages, against memory of the sequence's own; and what is refused before anything runs. */
class BlockTablesTest {
    private static final int HEADS = 14;
    private static final int KV = 2;
    private static final int DIM = 64;
    private static final CachedAttention ATTENTION = new CachedAttention(HEADS, KV, DIM, false, 0.125);
    private static final RopeTable ANGLES = new RopeTable(DIM, 1e4);
    private static final PageMemory MEMORY = new PageMemory(new PageForm(2, KV, DIM, 16, KvKind.F16), 32);

    @AfterAll
    static void close() {
        MEMORY.close();
    }

    private static Tensor qkv(int seed, int tokens) {
        return Tensor.normal(seed, 1, tokens, (HEADS + 2 * KV) * DIM);
    }

    private static float[] alone(Tensor qkv, int known, DType dtype) {
        int tokens = qkv.dim(1);
        try (KvStorage storage = new KvStorage(KV, DIM, 256, dtype)) {
            storage.reserve(tokens);
            float[] all = ATTENTION.apply(qkv, ANGLES, storage, 0).toFloats();
            return Arrays.copyOfRange(all, known * HEADS * DIM, all.length);
        }
    }

    /** Pages n − 1, n − 3, …, then n − 2, n − 4, …: no two neighbours follow each other. */
    private static int[] scattered(int pages, int count) {
        int[] all = IntStream.concat(
                        IntStream.iterate(pages - 1, i -> i >= 0, i -> i - 2),
                        IntStream.iterate(pages - 2, i -> i >= 0, i -> i - 2))
                .toArray();
        return Arrays.copyOf(all, count);
    }

    /** 1, 9 and 65 query rows over what was known before, in every page size; 1,040 keys are three spans. */
    @ParameterizedTest
    @CsvSource({
        "16,0,1",
        "16,0,9",
        "16,0,65",
        "16,16,1",
        "16,975,65",
        "16,1039,1",
        "32,31,9",
        "32,1000,65",
        "64,64,1",
        "64,63,65",
        "128,127,1",
        "128,500,9",
        "128,1024,9",
        "16,1024,1"
    })
    void rowsAndPageSizes(int pageTokens, int known, int rows) {
        Tensor qkv = qkv(known + rows, known + rows);
        int count = Math.ceilDiv(known + rows, pageTokens);
        try (PageMemory memory = new PageMemory(new PageForm(2, KV, DIM, pageTokens, KvKind.F16), 2 * count + 1)) {
            for (int page = 0; page < memory.pages(); page++) {
                memory.poison(page);
            }
            int[] pages = scattered(memory.pages(), count);
            if (known > 0) {
                BlockTables before = new BlockTables(memory, List.of(new Entry(pages, 0, known)));
                ATTENTION.apply(qkv.slice(1, 0, known), ANGLES, before, 1).eval();
            }
            BlockTables tables = new BlockTables(memory, List.of(new Entry(pages, known, rows)));
            float[] out = ATTENTION
                    .apply(qkv.slice(1, known, known + rows), ANGLES, tables, 1)
                    .toFloats();
            assertThat(out).isEqualTo(alone(qkv, known, DType.F16));
        }
    }

    @Test
    void theLastPageHasOneToken() {
        Tensor qkv = qkv(5, 33);
        BlockTables tables = new BlockTables(MEMORY, List.of(new Entry(new int[] {30, 2, 17}, 0, 33)));
        assertThat(ATTENTION.apply(qkv, ANGLES, tables, 0).toFloats()).isEqualTo(alone(qkv, 0, DType.F16));
    }

    @Test
    void idleRowsGiveZerosAndDisturbNobody() {
        Tensor a = qkv(1, 20);
        Tensor b = qkv(2, 3);
        Tensor idle = Tensor.full(Double.NaN, DType.F32, 1, 2, (HEADS + 2 * KV) * DIM);
        BlockTables tables = new BlockTables(
                MEMORY,
                List.of(
                        Entry.idle(2),
                        new Entry(new int[] {4, 3}, 0, 20),
                        new Entry(new int[] {9}, 7, 0),
                        Entry.idle(2),
                        new Entry(new int[] {5}, 0, 3)));
        assertThat(tables.rows()).isEqualTo(27);
        float[] out = ATTENTION
                .apply(Tensor.concat(1, idle, a, idle, b), ANGLES, tables, 0)
                .toFloats();
        int width = HEADS * DIM;
        assertThat(Arrays.copyOfRange(out, 0, 2 * width)).containsOnly(0f);
        assertThat(Arrays.copyOfRange(out, 2 * width, 22 * width)).isEqualTo(alone(a, 0, DType.F16));
        assertThat(Arrays.copyOfRange(out, 22 * width, 24 * width)).containsOnly(0f);
        assertThat(Arrays.copyOfRange(out, 24 * width, 27 * width)).isEqualTo(alone(b, 0, DType.F16));
    }

    /** Fault T10: what is broken in one sequence stays there. */
    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
    void aBrokenSequenceDisturbsNobody(double value) {
        Tensor broken = Tensor.full(value, DType.F32, 1, 18, (HEADS + 2 * KV) * DIM);
        Tensor sound = qkv(3, 18);
        BlockTables tables = new BlockTables(
                MEMORY, List.of(new Entry(new int[] {1, 2}, 0, 18), new Entry(new int[] {3, 0}, 0, 18)));
        float[] out = ATTENTION
                .apply(Tensor.concat(1, broken, sound), ANGLES, tables, 0)
                .toFloats();
        assertThat(out[0]).isNaN();
        assertThat(Arrays.copyOfRange(out, out.length / 2, out.length)).isEqualTo(alone(sound, 0, DType.F16));
    }

    @Test
    void threadsChangeNothing() {
        int threads = KernelThreads.count();
        Tensor long1 = qkv(1, 480);
        Tensor short1 = qkv(2, 5);
        int[] many = IntStream.range(1, 31).toArray();
        BlockTables tables = new BlockTables(MEMORY, List.of(new Entry(many, 0, 480), new Entry(new int[] {0}, 0, 5)));
        try {
            float[] first = null;
            for (int count : new int[] {1, 2, 5}) {
                KernelThreads.set(count);
                float[] out = ATTENTION
                        .apply(Tensor.concat(1, long1, short1), ANGLES, tables, 1)
                        .toFloats();
                first = first == null ? out : first;
                assertThat(out).as("%d threads", count).isEqualTo(first);
            }
        } finally {
            KernelThreads.set(threads);
        }
    }

    private static void refused(String message, Entry... entries) {
        assertThatThrownBy(() -> new BlockTables(MEMORY, List.of(entries)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @Test
    void invalidTablesAreRefused() {
        refused("block table 0: page 32 is not in 0…31", new Entry(new int[] {1, 32}, 0, 20));
        refused("block table 1: page -1 is not in 0…31", Entry.idle(1), new Entry(new int[] {-1}, 0, 1));
        refused("block table 0: page 7 is in it twice", new Entry(new int[] {7, 3, 7}, 0, 40));
        refused("block table 0: its 1 pages of 16 tokens have no room for 17", new Entry(new int[] {7}, 16, 1));
        refused(
                "block table 0: its 1 pages of 16 tokens have no room for 2147483648",
                new Entry(new int[] {7}, Integer.MAX_VALUE, 1));
        refused("block table 0: its 0 pages of 16 tokens have no room for 1", new Entry(new int[0], 0, 1));
        refused("block table 0: 1 tokens from position -2 on are not possible", new Entry(new int[] {7}, -2, 1));
        refused("block table 0: -1 tokens from position 0 on are not possible", new Entry(new int[] {7}, 0, -1));
        refused(
                "block table 0: page 7 would be written, and another sequence of this step has it too; copy it first",
                new Entry(new int[] {7}, 3, 1),
                new Entry(new int[] {7, 8}, 16, 1));
    }

    @Test
    void aSharedPageThatNobodyWritesIsFine() {
        new BlockTables(MEMORY, List.of(new Entry(new int[] {7, 9}, 16, 1), new Entry(new int[] {7, 8}, 16, 1)));
    }

    @Test
    void callsThatDoNotFitAreRefused() {
        BlockTables tables = new BlockTables(MEMORY, List.of(new Entry(new int[] {7}, 0, 2)));
        assertThatThrownBy(() -> ATTENTION.apply(qkv(1, 3), ANGLES, tables, 0))
                .hasMessage("attention: qkv has 3 rows, and the block tables are of 2");
        assertThatThrownBy(() -> ATTENTION.apply(qkv(1, 2), ANGLES, tables, 2)).hasMessage("layer 2 is not in 0…1");
        assertThatThrownBy(() -> new CachedAttention(4, 4, DIM, false, 1).apply(qkv(1, 2), ANGLES, tables, 0))
                .hasMessageContaining("over pages of 2 heads of 64 does not fit 4 query heads and 4 KV heads");
        assertThatThrownBy(() -> MEMORY.copy(3, 32)).hasMessage("page 32 is not in 0…31");
        assertThatThrownBy(() -> MEMORY.copy(3, 3)).hasMessageContaining("onto itself");
        assertThatThrownBy(() -> new PageForm(1, 1, 64, 24, KvKind.F32)).hasMessageContaining("multiple of 16");
    }
}
