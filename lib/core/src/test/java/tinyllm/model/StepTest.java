package tinyllm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tinyllm.cache.KvCache;
import tinyllm.cache.PageBudget;
import tinyllm.cache.PagedKvCache;
import tinyllm.cache.PagedKvMemory;
import tinyllm.cache.PagesException;
import tinyllm.cache.PrefixCache;
import tinyllm.kernel.KernelSet;
import tinyllm.kernel.KernelThreads;
import tinyllm.kernel.KeyTurn;
import tinyllm.kernel.KvKind;
import tinyllm.kernel.PageForm;
import tinyllm.tensor.Tensor;
import tinyllm.weights.ModelFiles;
import tinyllm.weights.ModelRegistry;

/** Many sequences in one pass: each gets what it would get alone. */
@Tag("slow")
class StepTest {

    private static CausalLm load(Path path, KernelSet set) {
        return Models.load(path.toString(), set, LoadListener.NONE);
    }

    private static int[] text(long seed, int tokens, int vocabulary) {
        return new Random(seed).ints(tokens, 0, vocabulary).toArray();
    }

    /** The logits after every token, alone, in memory of its own. */
    private static float[][] alone(CausalLm model, int[] tokens) {
        int width = model.config().vocabSize();
        try (KvCache cache = model.newCache(tokens.length)) {
            float[] all = model.logits(tokens, cache).toFloats();
            float[][] rows = new float[tokens.length][];
            for (int i = 0; i < rows.length; i++) {
                rows[i] = Arrays.copyOfRange(all, i * width, (i + 1) * width);
            }
            return rows;
        }
    }

    private static float[] row(Tensor logits, int row) {
        int width = logits.dim(1);
        return Arrays.copyOfRange(logits.toFloats(), row * width, (row + 1) * width);
    }

    @ParameterizedTest
    @CsvSource({"qwen2,16", "qwen3,32", "llama,64", "qwen2,128"})
    void aBatchIsWhatEachWouldBeAlone(String family, int pageTokens, @TempDir Path folder) throws Exception {
        CausalLm own = load(TinyQuantized.write(folder, family), KernelSet.OWN);
        try (PagedKvMemory memory = own.newPages(PageBudget.tokens(2000).pageTokens(pageTokens))) {
            memory.poisonFreedPages();
            for (long seed = 1; seed <= 3; seed++) {
                schedule(own, memory, seed, 60, 120);
            }
            assertThat(memory.pool().used()).isZero();
        }
    }

    /** Random chunks of sequences that come and go; every row that is asked for is compared. */
    private static void schedule(CausalLm model, PagedKvMemory memory, long seed, int steps, int length) {
        Random random = new Random(seed);
        int[][] texts = new int[5][];
        float[][][] expected = new float[5][][];
        List<KvCache> caches = new ArrayList<>();
        for (int i = 0; i < texts.length; i++) {
            texts[i] = text(seed * 10 + i, length, model.config().vocabSize());
            expected[i] = alone(model, texts[i]);
            caches.add(memory.newCache());
        }
        int threads = KernelThreads.count();
        for (int step = 0; step < steps; step++) {
            List<Chunk> chunks = new ArrayList<>();
            List<float[]> wanted = new ArrayList<>();
            for (int i = 0; i < texts.length; i++) {
                KvCache cache = caches.get(i);
                if (cache.length() == length) {
                    cache.close();
                    cache = memory.newCache();
                    caches.set(i, cache);
                }
                if (random.nextInt(4) > 0) {
                    int tokens = random.nextBoolean() ? 1 : 1 + random.nextInt(40);
                    int end = Math.min(length, cache.length() + tokens);
                    boolean asks = random.nextInt(3) > 0;
                    chunks.add(new Chunk(Arrays.copyOfRange(texts[i], cache.length(), end), cache, asks));
                    if (asks) {
                        wanted.add(expected[i][end - 1]);
                    }
                }
            }
            if (!chunks.isEmpty()) {
                KernelThreads.set(1 + random.nextInt(3));
                Tensor logits = model.step(chunks);
                assertThat(logits.shape())
                        .isEqualTo(new int[] {wanted.size(), model.config().vocabSize()});
                for (int row = 0; row < wanted.size(); row++) {
                    assertThat(row(logits, row))
                            .as("seed %d, step %d, row %d", seed, step, row)
                            .isEqualTo(wanted.get(row));
                }
            }
            memory.pool().check();
        }
        KernelThreads.set(threads);
        caches.forEach(KvCache::close);
    }

    @Test
    void anyCachesServeTogether(@TempDir Path folder) throws Exception {
        CausalLm own = load(TinyQuantized.write(folder, "qwen2"), KernelSet.OWN);
        int[] text = text(1, 40, 64);
        float[][] expected = alone(own, text);
        try (PagedKvMemory memory = own.newPages(PageBudget.tokens(500));
                KvCache contiguous = own.newCache(100);
                KvCache paged = memory.newCache()) {
            Tensor first = own.step(List.of(
                    new Chunk(Arrays.copyOf(text, 30), contiguous, true),
                    new Chunk(Arrays.copyOf(text, 9), paged, true)));
            assertThat(row(first, 0)).isEqualTo(expected[29]);
            assertThat(row(first, 1)).isEqualTo(expected[8]);
            Tensor second = own.step(List.of(
                    new Chunk(Arrays.copyOfRange(text, 9, 40), paged, true),
                    new Chunk(Arrays.copyOfRange(text, 30, 31), contiguous, true)));
            assertThat(row(second, 0)).isEqualTo(expected[39]);
            assertThat(row(second, 1)).isEqualTo(expected[30]);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"REFERENCE", "MLX"})
    void otherKernelsTakeBatchesToo(KernelSet set, @TempDir Path folder) throws Exception {
        CausalLm model = load(TinyQuantized.write(folder, "qwen3"), set);
        int[] a = text(1, 30, 64);
        int[] b = text(2, 20, 64);
        try (PagedKvMemory memory = model.newPages(PageBudget.tokens(500));
                KvCache first = memory.newCache();
                KvCache second = memory.newCache()) {
            model.step(List.of(
                    new Chunk(Arrays.copyOf(a, 29), first, false), new Chunk(Arrays.copyOf(b, 7), second, false)));
            Tensor logits = model.step(List.of(
                    new Chunk(new int[] {a[29]}, first, true), new Chunk(Arrays.copyOfRange(b, 7, 20), second, true)));
            assertThat(gap(row(logits, 0), model.lastLogits(a).toFloats())).isLessThan(1e-3);
            assertThat(gap(row(logits, 1), model.lastLogits(b).toFloats())).isLessThan(1e-3);
        }
    }

    /** A GPU's way: every kernel set takes pages that are tensors, one sequence after another. */
    @ParameterizedTest
    @ValueSource(strings = {"REFERENCE", "MLX", "OWN"})
    void pagesMayBeTensors(KernelSet set, @TempDir Path folder) throws Exception {
        CausalLm model = load(TinyQuantized.write(folder, "qwen2"), set);
        int[] a = text(1, 30, 64);
        int[] b = text(2, 20, 64);
        PageForm form = new PageForm(2, 2, 32, 16, set == KernelSet.OWN ? KvKind.F16 : KvKind.F32);
        try (PagedKvMemory memory = PagedKvMemory.ofTensors(form, 256, 32, null)) {
            PrefixCache prefixes = new PrefixCache(memory);
            for (int round = 0; round < 2; round++) {
                try (PagedKvCache first = prefixes.newCache("", a);
                        PagedKvCache second = prefixes.newCache("", b)) {
                    assertThat(first.length()).isEqualTo(round == 0 ? 0 : 16);
                    Tensor logits = model.step(List.of(
                            new Chunk(Arrays.copyOfRange(a, first.length(), 30), first, true),
                            new Chunk(Arrays.copyOfRange(b, second.length(), 20), second, true)));
                    double bound = set == KernelSet.OWN ? 0 : 1e-3;
                    assertThat(gap(row(logits, 0), model.lastLogits(a).toFloats()))
                            .isLessThanOrEqualTo(bound);
                    assertThat(gap(row(logits, 1), model.lastLogits(b).toFloats()))
                            .isLessThanOrEqualTo(bound);
                    prefixes.keep("", a, first);
                    prefixes.keep("", b, second);
                }
            }
            assertThat(prefixes.stats().hitTokens()).isEqualTo(32);
        }
    }

    /** Codes in tensors: a batch of chunks is near the whole alone, but for the rounding of other products, and both near the exact. */
    @ParameterizedTest
    @ValueSource(strings = {"REFERENCE", "MLX"})
    void pagesOfTensorsMayHoldCodes(KernelSet set, @TempDir Path folder) throws Exception {
        CausalLm model = load(TinyQuantized.write(folder, "qwen2"), set);
        int[] a = text(1, 30, 64);
        int[] b = text(2, 20, 64);
        PageForm form = new PageForm(2, 2, 32, 16, KvKind.INT8);
        KeyTurn turn = new KeyTurn(model.config().ropeTheta(), model.config().ropeTraditional(), List.of());
        try (PagedKvMemory memory = PagedKvMemory.ofTensors(form, 256, 32, turn);
                KvCache first = memory.newCache();
                KvCache second = memory.newCache();
                KvCache alone = memory.newCache()) {
            model.step(List.of(
                    new Chunk(Arrays.copyOf(a, 29), first, false), new Chunk(Arrays.copyOf(b, 7), second, false)));
            Tensor logits = model.step(List.of(
                    new Chunk(new int[] {a[29]}, first, true), new Chunk(Arrays.copyOfRange(b, 7, 20), second, true)));
            double whole = gap(row(logits, 0), model.lastLogits(a, alone).toFloats());
            assertThat(whole).isLessThan(1e-3);
            assertThat(gap(row(logits, 0), model.lastLogits(a).toFloats())).isBetween(1e-6, 0.1);
            assertThat(gap(row(logits, 1), model.lastLogits(b).toFloats())).isBetween(1e-6, 0.1);
        }
    }

    private static double gap(float[] a, float[] b) {
        double most = 0;
        for (int i = 0; i < a.length; i++) {
            most = Math.max(most, Math.abs(a[i] - b[i]));
        }
        return most;
    }

    @Test
    void withoutPagesEnoughNobodyAdvances(@TempDir Path folder) throws Exception {
        CausalLm own = load(TinyQuantized.write(folder, "llama"), KernelSet.OWN);
        try (PagedKvMemory memory = own.newPages(PageBudget.tokens(64));
                PagedKvCache a = memory.newCache();
                PagedKvCache b = memory.newCache()) {
            own.step(List.of(new Chunk(text(1, 20, 64), a, false)));
            List<Chunk> chunks = List.of(new Chunk(text(2, 13, 64), a, true), new Chunk(text(3, 30, 64), b, true));
            assertThatThrownBy(() -> own.step(chunks)).isInstanceOf(PagesException.class);
            assertThat(a.length()).isEqualTo(20);
            assertThat(b.length()).isZero();
            assertThat(memory.pool().used()).isEqualTo(2);
            memory.pool().check();
        }
    }

    @Test
    void anInterruptLeavesTheCachesAsTheyWere(@TempDir Path folder) throws Exception {
        CausalLm own = load(TinyQuantized.write(folder, "llama"), KernelSet.OWN);
        try (PagedKvMemory memory = own.newPages(PageBudget.tokens(64));
                PagedKvCache cache = memory.newCache()) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> own.step(List.of(new Chunk(text(1, 20, 64), cache, true))))
                    .isInstanceOf(CancellationException.class);
            assertThat(Thread.interrupted()).isTrue();
            assertThat(cache.length()).isZero();
            assertThat(memory.pool().used()).isZero();
        }
    }

    @Test
    void badChunksAreRefused(@TempDir Path folder) throws Exception {
        CausalLm own = load(TinyQuantized.write(folder, "llama"), KernelSet.OWN);
        try (PagedKvMemory memory = own.newPages(PageBudget.tokens(64));
                PagedKvCache cache = memory.newCache()) {
            assertThatThrownBy(() -> own.step(List.of())).hasMessageContaining("at least one chunk");
            assertThatThrownBy(() -> own.step(List.of(new Chunk(new int[0], cache, true))))
                    .hasMessageContaining("no token");
            assertThatThrownBy(() -> own.step(List.of(new Chunk(new int[] {64}, cache, true))))
                    .hasMessageContaining("token 64 at position 0 is not in 0…63");
            Chunk one = new Chunk(new int[] {1}, cache, true);
            assertThatThrownBy(() -> own.step(List.of(one, one))).hasMessageContaining("cache of another one");
            assertThatThrownBy(() -> own.step(List.of(new Chunk(text(1, 65, 64), cache, true))))
                    .hasMessageContaining("may hold 64");
            assertThat(memory.pool().used()).isZero();
        }
    }

    @Test
    void aForkGoesOnAsIfAlone(@TempDir Path folder) throws Exception {
        CausalLm own = load(TinyQuantized.write(folder, "qwen3"), KernelSet.OWN);
        int[] left = text(1, 60, 64);
        int[] right = left.clone();
        System.arraycopy(text(2, 23, 64), 0, right, 37, 23);
        try (PagedKvMemory memory = own.newPages(PageBudget.tokens(500));
                PagedKvCache trunk = memory.newCache()) {
            own.step(List.of(new Chunk(Arrays.copyOf(left, 37), trunk, false)));
            try (PagedKvCache twin = trunk.fork()) {
                Tensor logits = own.step(List.of(
                        new Chunk(Arrays.copyOfRange(left, 37, 60), trunk, true),
                        new Chunk(Arrays.copyOfRange(right, 37, 60), twin, true)));
                assertThat(row(logits, 0)).isEqualTo(alone(own, left)[59]);
                assertThat(row(logits, 1)).isEqualTo(alone(own, right)[59]);
            }
        }
    }

    /** Faults E7 and E3 on the real weights: alone, among others, in chunks, after its pages were taken and computed again. */
    @ParameterizedTest
    @ValueSource(strings = {"smollm2-135m", "qwen2.5-coder-0.5b"})
    void realModelsGiveTheSameBitsInBatches(String name) {
        Path path = ModelFiles.find(ModelRegistry.standard().get(name));
        assumeTrue(path != null, name + " is not on this machine: ./lab models fetch " + name);
        CausalLm own = load(Objects.requireNonNull(path), KernelSet.OWN);
        String[] prompts = {
            "The three states of matter are", "def fibonacci(n):\n    if n < 2:", "A short story. Once upon a time"
        };
        int[][] texts = Arrays.stream(prompts).map(own.tokenizer()::encode).toArray(int[][]::new);
        float[][][] expected = Arrays.stream(texts).map(t -> alone(own, t)).toArray(float[][][]::new);
        try (PagedKvMemory memory = own.newPages(PageBudget.tokens(256))) {
            memory.poisonFreedPages();
            for (int cut : new int[] {1, 3, 5}) {
                List<PagedKvCache> caches = new ArrayList<>();
                List<Chunk> heads = new ArrayList<>();
                List<Chunk> tails = new ArrayList<>();
                for (int[] text : texts) {
                    PagedKvCache cache = memory.newCache();
                    caches.add(cache);
                    heads.add(new Chunk(Arrays.copyOf(text, cut), cache, true));
                    tails.add(new Chunk(Arrays.copyOfRange(text, cut, text.length), cache, true));
                }
                Tensor first = own.step(heads);
                Tensor second = own.step(tails.subList(0, 2));
                for (int i = 0; i < texts.length; i++) {
                    assertThat(row(first, i)).isEqualTo(expected[i][cut - 1]);
                }
                for (int i = 0; i < 2; i++) {
                    assertThat(row(second, i)).isEqualTo(expected[i][texts[i].length - 1]);
                }
                caches.forEach(PagedKvCache::close);
            }
            assertThat(memory.pool().used()).isZero();
        }
    }
}
