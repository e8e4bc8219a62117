package tinyllm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tinyllm.kernel.BlockTables.Entry;
import tinyllm.nn.Heads;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Keys and values as codes: their bytes, their error, and that how a text is cut changes nothing. */
@Tag("slow")
class QuantizedPagesTest {
    private static final int HEADS = 6;
    private static final int KV = 2;
    private static final String BEST = InstructionSets.current();

    @AfterEach
    void best() {
        InstructionSets.use(BEST);
    }

    private static PageForm form(int dim, int pageTokens, KvKind keys, KvKind values, boolean before) {
        return new PageForm(2, KV, dim, pageTokens, keys, values, before);
    }

    private static PageMemory memory(PageForm form, int pages, boolean neighbours, List<Tensor> biases) {
        PageMemory memory = new PageMemory(form, pages, new KeyTurn(1e4, neighbours, biases));
        for (int page = 0; page < pages; page++) {
            memory.poison(page);
        }
        return memory;
    }

    /** Biases as Qwen2.5 has them: most are small, and a few in a head are large. */
    private static List<Tensor> biases(int dim) {
        float[] bias = new float[KV * dim];
        for (int i = 0; i < bias.length; i++) {
            bias[i] = i % dim == 3 ? 140 : i % dim == dim / 2 ? -60 : (float) Math.sin(i);
        }
        Tensor one = Tensor.of(bias, KV * dim);
        return List.of(one, one);
    }

    private static int[] pages(int count) {
        return IntStream.iterate(count - 1, i -> i - 1).limit(count).toArray();
    }

    /** qkv with the key's bias in it, as a projection gives it. */
    private static Tensor qkv(int seed, int tokens, int dim, List<Tensor> biases) {
        Tensor plain = Tensor.normal(seed, 1, tokens, (HEADS + 2 * KV) * dim);
        if (biases.isEmpty()) {
            return plain;
        }
        Tensor zeros = Tensor.zeros(DType.F32, HEADS * dim);
        Tensor whole = Tensor.concat(0, zeros, biases.getFirst(), Tensor.zeros(DType.F32, KV * dim));
        return plain.add(whole);
    }

    private static Tensor keys(Tensor qkv, int dim, boolean neighbours) {
        Tensor k = Heads.split(qkv.slice(-1, HEADS * dim, (HEADS + KV) * dim), KV);
        return RowKernels.rope(k, new RopeTable(dim, 1e4), 0, neighbours);
    }

    private static Tensor values(Tensor qkv, int dim) {
        return Heads.split(qkv.slice(-1, (HEADS + KV) * dim, (HEADS + 2 * KV) * dim), KV);
    }

    private static double meanGap(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            assertThat(a[i]).isFinite();
            sum += Math.abs(a[i] - b[i]);
        }
        return sum / a.length;
    }

    @Test
    void eightBitsTakeJustOverHalfOfFloat16() {
        long half = new PageForm(24, KV, 64, 16, KvKind.F16).pageBytes();
        assertThat((double) new PageForm(24, KV, 64, 16, KvKind.INT8).pageBytes() / half)
                .isEqualTo(8.5 / 16);
        assertThat((double) new PageForm(24, KV, 64, 16, KvKind.INT4).pageBytes() / half)
                .isEqualTo(4.5 / 16);
        assertThat((double) form(64, 16, KvKind.INT8, KvKind.INT4, true).pageBytes())
                .isEqualTo(2.0 * KV * 64 * 16 * (8.5 + 4.5) / 8);
    }

    /** What is read is what was written, to half a step of the codes. */
    @ParameterizedTest
    @CsvSource({
        "64,INT8,INT8,true,false", "64,INT4,INT4,true,true", "32,INT8,INT4,true,true", "80,INT4,INT8,true,false",
        "128,INT8,INT8,true,false", "96,INT4,INT4,false,false", "64,INT8,F16,true,false", "64,F16,INT8,false,false",
        "48,BF16,INT4,false,false", "64,F32,F16,false,false"
    })
    void readsWhatWasWritten(int dim, KvKind keyKind, KvKind valueKind, boolean before, boolean neighbours) {
        int tokens = 41;
        List<Tensor> biases = before ? biases(dim) : List.of();
        Tensor qkv = qkv(3, tokens, dim, biases);
        Tensor k = keys(qkv, dim, neighbours);
        Tensor v = values(qkv, dim);
        for (String set : InstructionSets.available()) {
            InstructionSets.use(set);
            try (PageMemory memory = memory(form(dim, 16, keyKind, valueKind, before), 4, neighbours, biases)) {
                BlockTables tables = new BlockTables(memory, List.of(new Entry(new int[] {2, 0, 3}, 0, tokens)));
                memory.write(1, tables, k, v);
                Tensor[] read = memory.read(1, tables, tokens);
                // normal values of 64 components span about 5; half a step of 255 or 15 parts of it, and half of that
                // on average
                assertThat(meanGap(read[0].toFloats(), k.toFloats()))
                        .as("keys on %s", set)
                        .isLessThan(bound(keyKind));
                assertThat(meanGap(read[1].toFloats(), v.toFloats()))
                        .as("values on %s", set)
                        .isLessThan(bound(valueKind));
            }
        }
    }

    private static double bound(KvKind kind) {
        return switch (kind) {
                    case INT8 -> 0.007;
                    case INT4 -> 0.11;
                    case F16 -> 3e-4;
                    case BF16 -> 3e-3;
                    case F32 -> 0;
                }
                + 1e-9;
    }

    /** Large biases ruin keys that are quantized with them, and leave the others alone (chapter 4.1). */
    @Test
    void biasesDoNotCostBits() {
        List<Tensor> biases = biases(64);
        Tensor qkv = qkv(3, 64, 64, biases);
        Tensor k = keys(qkv, 64, false);
        double[] gaps = new double[2];
        for (boolean before : new boolean[] {true, false}) {
            try (PageMemory memory = memory(form(64, 64, KvKind.INT8, KvKind.INT8, before), 1, false, biases)) {
                BlockTables tables = new BlockTables(memory, List.of(new Entry(new int[] {0}, 0, 64)));
                memory.write(0, tables, k, values(qkv, 64));
                gaps[before ? 1 : 0] = meanGap(memory.read(0, tables, 64)[0].toFloats(), k.toFloats());
            }
        }
        assertThat(gaps[0]).isGreaterThan(20 * gaps[1]);
    }

    private static float[] attend(PageMemory memory, Tensor qkv, int dim, boolean neighbours, int... cuts) {
        CachedAttention attention = new CachedAttention(HEADS, KV, dim, neighbours, 1 / Math.sqrt(dim));
        RopeTable angles = new RopeTable(dim, 1e4);
        int tokens = qkv.dim(1);
        int[] pages = pages(Math.ceilDiv(tokens, memory.form().pageTokens()));
        float[] all = new float[tokens * HEADS * dim];
        for (int i = 1; i < cuts.length; i++) {
            BlockTables tables = new BlockTables(memory, List.of(new Entry(pages, cuts[i - 1], cuts[i] - cuts[i - 1])));
            Tensor out = attention.apply(qkv.slice(1, cuts[i - 1], cuts[i]), angles, tables, 0);
            System.arraycopy(out.toFloats(), 0, all, cuts[i - 1] * HEADS * dim, (int) out.size());
        }
        return all;
    }

    /** A chunk sees what the cache holds, its own tokens included: so chunks are the whole, bit for bit, on every instruction set. */
    @ParameterizedTest
    @CsvSource({
        "64,INT8,INT8,true,false,16",
        "32,INT4,INT4,true,true,32",
        "80,INT8,INT4,true,false,64",
        "64,INT8,INT8,false,false,128",
        "64,F16,INT8,false,false,16"
    })
    void chunksAreTheWhole(
            int dim, KvKind keyKind, KvKind valueKind, boolean before, boolean neighbours, int pageTokens) {
        List<Tensor> biases = before ? biases(dim) : List.of();
        Tensor qkv = qkv(5, 600, dim, biases);
        PageForm form = form(dim, pageTokens, keyKind, valueKind, before);
        float[] whole = null;
        int threads = KernelThreads.count();
        for (String set : InstructionSets.available()) {
            InstructionSets.use(set);
            for (int[] cuts : new int[][] {{0, 600}, {0, 1, 2, 17, 530, 531, 600}}) {
                KernelThreads.set(cuts.length == 2 ? 1 : 3);
                try (PageMemory memory = memory(form, Math.ceilDiv(600, pageTokens), neighbours, biases)) {
                    float[] out = attend(memory, qkv, dim, neighbours, cuts);
                    whole = whole == null ? out : whole;
                    assertThat(out)
                            .as("%s, cut at %s", set, Arrays.toString(cuts))
                            .isEqualTo(whole);
                } finally {
                    KernelThreads.set(threads);
                }
            }
        }
    }

    /** Attention over codes is attention over the numbers that they stand for. */
    @ParameterizedTest
    @ValueSource(strings = {"INT8", "INT4"})
    void isAttentionOverWhatItReads(KvKind kind) {
        List<Tensor> biases = biases(64);
        Tensor qkv = qkv(6, 540, 64, biases);
        PageForm form = form(64, 32, kind, kind, true);
        try (PageMemory memory = memory(form, 17, false, biases)) {
            float[] out = attend(memory, qkv, 64, false, 0, 540);
            BlockTables tables = new BlockTables(memory, List.of(new Entry(pages(17), 540, 0)));
            Tensor[] read = memory.read(0, tables, 540);
            Tensor q =
                    RowKernels.rope(Heads.split(qkv.slice(-1, 0, HEADS * 64), HEADS), new RopeTable(64, 1e4), 0, false);
            Tensor expected = Heads.merge(FlashAttention.causal(q, read[0], read[1], 0.125));
            assertThat(out).isEqualTo(expected.toFloats());
        }
    }

    /** Fault T10: no code hides what is no number, and only its own sequence sees it. */
    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void aBrokenSequenceDisturbsNobody(float value) {
        Tensor sound = qkv(7, 20, 64, List.of());
        float[] one = sound.toFloats();
        one[(HEADS + KV) * 64 + 5] = value; // in token 0's value
        Tensor broken = Tensor.of(one, 1, 20, (HEADS + 2 * KV) * 64);
        CachedAttention attention = new CachedAttention(HEADS, KV, 64, false, 0.125);
        PageForm form = form(64, 16, KvKind.INT8, KvKind.INT8, true);
        try (PageMemory memory = memory(form, 4, false, List.of())) {
            BlockTables tables = new BlockTables(
                    memory, List.of(new Entry(new int[] {0, 1}, 0, 20), new Entry(new int[] {3, 2}, 0, 20)));
            float[] both = attention
                    .apply(Tensor.concat(1, broken, sound), new RopeTable(64, 1e4), tables, 0)
                    .toFloats();
            assertThat(both[0]).isNaN();
            BlockTables alone = new BlockTables(memory, List.of(new Entry(new int[] {0, 1}, 0, 20)));
            assertThat(Arrays.copyOfRange(both, both.length / 2, both.length))
                    .isEqualTo(attention
                            .apply(sound, new RopeTable(64, 1e4), alone, 0)
                            .toFloats());
        }
    }

    @Test
    void equalComponentsAreExact() {
        PageForm form = form(64, 16, KvKind.INT4, KvKind.INT4, false);
        try (PageMemory memory = memory(form, 1, false, List.of())) {
            Tensor same = Tensor.full(2.5, DType.F32, 1, KV, 3, 64);
            BlockTables tables = new BlockTables(memory, List.of(new Entry(new int[] {0}, 0, 3)));
            memory.write(0, tables, same, same);
            assertThat(memory.read(0, tables, 3)[0].toFloats()).containsOnly(2.5f);
            assertThat(memory.read(0, tables, 3)[1].toFloats()).containsOnly(2.5f);
            assertThatThrownBy(() -> memory.read(0, tables, 4)).hasMessageContaining("4 tokens can't be read");
        }
    }

    @Test
    void formsThatDoNotFitAreRefused() {
        PageForm form = form(64, 16, KvKind.INT8, KvKind.INT8, true);
        assertThatThrownBy(() -> new PageMemory(form, 1)).hasMessageContaining("nobody says which rotation");
        assertThatThrownBy(() ->
                        new PageMemory(form, 1, new KeyTurn(1e4, false, List.of(Tensor.zeros(DType.F32, 128)))))
                .hasMessage("there are biases of 1 layers, and the pages are of 2");
        assertThatThrownBy(() -> memory(form, 1, false, biases(32)))
                .hasMessage("a bias of 64 values does not fit 2 KV heads of 64");
        assertThatThrownBy(() -> form(65, 16, KvKind.INT8, KvKind.INT8, true)).hasMessageContaining("has to be even");
    }
}
