package tinyllm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tinyllm.cache.KvCache;
import tinyllm.cache.PageBudget;
import tinyllm.cache.PagedKvMemory;
import tinyllm.kernel.KernelSet;
import tinyllm.kernel.KvKind;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;
import tinyllm.weights.ModelFiles;
import tinyllm.weights.ModelRegistry;

/** Models over keys and values that are kept as codes. */
class QuantizedCacheTest {

    private static CausalLm load(Path path, KernelSet set) {
        return Models.load(path.toString(), set, LoadListener.NONE);
    }

    /** Batches, chunks, forks: nothing that runs beside a sequence, and no cut, changes a bit. */
    @ParameterizedTest
    @CsvSource({"qwen2,INT8,INT8", "qwen3,INT8,INT4", "llama,INT4,INT4", "qwen2,F16,INT8"})
    void aBatchIsWhatEachWouldBeAlone(String family, KvKind keys, KvKind values, @TempDir Path folder)
            throws Exception {
        CausalLm own = load(TinyQuantized.write(folder, family), KernelSet.OWN);
        PageBudget budget = PageBudget.tokens(1024).keys(keys).values(values);
        Random random = new Random(4);
        int[][] texts = new int[4][];
        float[][] expected = new float[4][];
        for (int i = 0; i < texts.length; i++) {
            texts[i] = random.ints(100, 0, 64).toArray();
            try (PagedKvMemory memory = own.newPages(budget);
                    KvCache cache = memory.newCache()) {
                expected[i] = own.lastLogits(texts[i], cache).toFloats();
            }
        }
        try (PagedKvMemory memory = own.newPages(budget)) {
            memory.poisonFreedPages();
            List<? extends KvCache> caches =
                    Stream.of(texts).map(t -> memory.newCache()).toList();
            Tensor last = Tensor.scalar(0);
            for (int at : new int[] {0, 1, 34, 50, 99}) {
                int to = at == 0 ? 1 : at == 1 ? 34 : at == 34 ? 50 : at == 50 ? 99 : 100;
                last = own.step(Stream.of(0, 1, 2, 3)
                        .map(i -> new Chunk(Arrays.copyOfRange(texts[i], at, to), caches.get(i), true))
                        .toList());
            }
            float[] rows = last.toFloats();
            for (int i = 0; i < texts.length; i++) {
                assertThat(Arrays.copyOfRange(rows, i * 64, (i + 1) * 64)).isEqualTo(expected[i]);
            }
            caches.forEach(KvCache::close);
            memory.pool().check();
        }
    }

    /** The keys' way through rotated tensors and back is the fused kernel's, but for rounding. */
    @Test
    void theReferenceReadsTheSameCodes(@TempDir Path folder) throws Exception {
        CausalLm reference = load(TinyQuantized.write(folder, "qwen2"), KernelSet.REFERENCE);
        int[] text = new Random(5).ints(60, 0, 64).toArray();
        float[] exact = reference.lastLogits(text).toFloats();
        double[] gaps = new double[2];
        for (KvKind kind : new KvKind[] {KvKind.INT8, KvKind.INT4}) {
            try (PagedKvMemory memory = reference.newPages(PageBudget.tokens(64).kind(kind));
                    KvCache cache = memory.newCache()) {
                float[] logits = reference.lastLogits(text, cache).toFloats();
                for (int i = 0; i < exact.length; i++) {
                    gaps[kind == KvKind.INT8 ? 0 : 1] += Math.abs(logits[i] - exact[i]) / exact.length;
                }
            }
        }
        assertThat(gaps[0]).isBetween(1e-6, 0.02);
        assertThat(gaps[1]).isBetween(2 * gaps[0], 0.4);
    }

    /**
     * What 8 bits change on prose, over the reference's floats; the bound is 0.025 over 1,024 tokens. With -Dtinyllm.long also
     * what rotated keys and 4 bits cost, printed for chapter 4.1.
     */
    @Tag("slow")
    @ParameterizedTest
    @CsvSource({"smollm2-135m, 0.025", "qwen2.5-coder-0.5b, 0.025"})
    void eightBitsOnProse(String name, double bound) throws IOException {
        Path path = ModelFiles.find(ModelRegistry.standard().get(name));
        assumeTrue(path != null, name + " is not on this machine: ./lab models fetch " + name);
        CausalLm reference = load(Objects.requireNonNull(path), KernelSet.REFERENCE);
        boolean all = Boolean.getBoolean("tinyllm.long");
        int[] text = prose(reference, all ? 1024 : 256);
        PageBudget half = PageBudget.tokens(text.length).kind(KvKind.F16);
        PageBudget eight = PageBudget.tokens(text.length).kind(KvKind.INT8);
        double[] exact = given(reference, half, text);
        assertThat(report(name, "8 bits", reference, eight, half, text, exact)).isLessThanOrEqualTo(bound);
        if (all) {
            report(name, "8 bits, rotated keys", reference, eight.rotatedKeys(), half, text, exact);
            report(name, "8-bit keys, 4-bit values", reference, eight.values(KvKind.INT4), half, text, exact);
            report(name, "4 bits", reference, eight.kind(KvKind.INT4), half, text, exact);
            report(
                    name,
                    "4 bits, rotated keys",
                    reference,
                    eight.kind(KvKind.INT4).rotatedKeys(),
                    half,
                    text,
                    exact);
        }
    }

    private static double report(
            String name, String what, CausalLm model, PageBudget budget, PageBudget half, int[] text, double[] exact) {
        double[] logprobs = given(model, budget, text);
        double sum = 0;
        for (int i = 0; i < exact.length; i++) {
            sum += Math.abs(logprobs[i] - exact[i]);
        }
        double share;
        try (PagedKvMemory some = model.newPages(budget);
                PagedKvMemory whole = model.newPages(half)) {
            share = (double) some.nbytes() / whole.nbytes();
        }
        double mean = sum / exact.length;
        System.out.printf(
                Locale.ROOT,
                "%s, %s: mean |difference| %.4f over %d tokens, %.1f %% of the bytes of float16%n",
                name,
                what,
                mean,
                text.length,
                100 * share);
        return mean;
    }

    /** The log-probability of each token after the first, given those before it. */
    private static double[] given(CausalLm model, PageBudget budget, int[] text) {
        double[] all = new double[text.length - 1];
        try (PagedKvMemory memory = model.newPages(budget);
                KvCache cache = memory.newCache()) {
            for (int from = 0; from < text.length; from += 128) {
                int[] chunk = Arrays.copyOfRange(text, from, Math.min(text.length, from + 128));
                int first = from;
                try (Scope scope = Scope.open()) {
                    Tensor logits = model.logits(chunk, cache);
                    double[] sums = logits.logSumExp(-1).toDoubles();
                    for (int i = 0; i < chunk.length && first + i + 1 < text.length; i++) {
                        all[first + i] = logits.item(i, text[first + i + 1]) - sums[i];
                    }
                }
            }
        }
        return all;
    }

    /** The decisions of this project, one after another. */
    private static int[] prose(CausalLm model, int tokens) throws IOException {
        StringBuilder text = new StringBuilder();
        try (Stream<Path> files = Files.list(Path.of("..", "..", "docs", "decisions"))) {
            for (Path file : files.sorted().toList()) {
                text.append(Files.readString(file)).append('\n');
            }
        }
        return Arrays.copyOf(model.tokenizer().encode(text.toString()), tokens);
    }
}
