package tinyllm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tinyllm.cache.ContiguousKvCache;
import tinyllm.cache.GrowingKvArrays;
import tinyllm.cache.KvCache;
import tinyllm.cache.TensorKvCache;
import tinyllm.kernel.KernelSet;
import tinyllm.kernel.KernelThreads;
import tinyllm.nn.Masks;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;
import tinyllm.weights.ModelFiles;
import tinyllm.weights.ModelRegistry;

/** One model on its three sets of kernels. */
@Tag("slow")
class KernelSetsTest {
    /** Twice the largest difference of two logits that int8 activations were seen to make. */
    private static final double EXPLAINED_GAP = 1.0;

    private static CausalLm load(Path path, KernelSet set) {
        return Models.load(path.toString(), set, LoadListener.NONE);
    }

    private static Path real(String name) {
        Path found = ModelFiles.find(ModelRegistry.standard().get(name));
        assumeTrue(found != null, name + " is not on this machine: ./lab models fetch " + name);
        return Objects.requireNonNull(found);
    }

    private static final int[] TOKENS = {5, 9, 2, 40, 17, 33, 8, 1, 60, 12, 3, 3, 28, 50, 44, 19, 7, 11, 21, 35};

    @ParameterizedTest
    @ValueSource(strings = {"qwen2", "qwen3", "llama"})
    void theSetsAgreeOnTinyModels(String family, @TempDir Path folder) throws Exception {
        Path path = TinyQuantized.write(folder, family);
        float[] reference = load(path, KernelSet.REFERENCE).logits(TOKENS).toFloats();
        CausalLm own = load(path, KernelSet.OWN);
        CausalLm mlx = load(path, KernelSet.MLX);
        assertThat(own.kernels()).isEqualTo(KernelSet.OWN);
        assertThat(own.variants().get("matmul")).contains("int8 activations");
        assertThat(correlation(own.logits(TOKENS).toFloats(), reference)).isGreaterThan(0.999);
        assertThat(largest(mlx.logits(TOKENS).toFloats(), reference)).isLessThan(1e-3);
    }

    @ParameterizedTest
    @ValueSource(strings = {"qwen2", "qwen3", "llama"})
    void chunksThreadsAndStepsGiveTheSameBits(String family, @TempDir Path folder) throws Exception {
        CausalLm own = load(TinyQuantized.write(folder, family), KernelSet.OWN);
        sameBits(own, TOKENS);
    }

    private static void sameBits(CausalLm own, int[] tokens) {
        int vocabulary = own.config().vocabSize();
        float[] whole = own.logits(tokens).toFloats();
        int threads = KernelThreads.count();
        try {
            for (int count : new int[] {1, 2}) {
                KernelThreads.set(count);
                assertThat(own.logits(tokens).toFloats())
                        .as("%d threads", count)
                        .isEqualTo(whole);
                try (KvCache cache = own.newCache(tokens.length)) {
                    for (int i = 0; i < tokens.length; i += 7) {
                        int[] chunk = Arrays.copyOfRange(tokens, i, Math.min(tokens.length, i + 7));
                        float[] part = own.logits(chunk, cache).toFloats();
                        assertThat(part)
                                .as("%d threads, tokens from %d on", count, i)
                                .isEqualTo(Arrays.copyOfRange(whole, i * vocabulary, (i + chunk.length) * vocabulary));
                    }
                    cache.rewind(3);
                    int[] last = Arrays.copyOfRange(tokens, tokens.length - 3, tokens.length);
                    for (int i = 0; i < 3; i++) {
                        float[] one = own.lastLogits(new int[] {last[i]}, cache).toFloats();
                        int at = (tokens.length - 3 + i) * vocabulary;
                        assertThat(one).isEqualTo(Arrays.copyOfRange(whole, at, at + vocabulary));
                    }
                }
            }
        } finally {
            KernelThreads.set(threads);
        }
    }

    /** Any cache serves: what one remembers in another form, in pieces of another size, gives the same bits. */
    @Test
    void anyCacheServes(@TempDir Path folder) throws Exception {
        CausalLm own = load(TinyQuantized.write(folder, "qwen3"), KernelSet.OWN);
        int layers = own.config().numHiddenLayers();
        try (KvCache floats = new ContiguousKvCache(layers, 2, 32, 64, DType.F32);
                KvCache tensors = new TensorKvCache(layers, 64);
                KvCache arrays = own.newCache(64, new GrowingKvArrays())) {
            for (int i = 0; i < TOKENS.length; i += 3) {
                int[] chunk = Arrays.copyOfRange(TOKENS, i, Math.min(TOKENS.length, i + 3));
                float[] expected = own.logits(chunk, floats).toFloats();
                assertThat(own.logits(chunk, tensors).toFloats()).isEqualTo(expected);
                assertThat(own.logits(chunk, arrays).toFloats()).isEqualTo(expected);
            }
            tensors.rewind(5);
            floats.rewind(5);
            arrays.rewind(5);
            float[] expected = own.lastLogits(new int[] {9}, floats).toFloats();
            assertThat(own.lastLogits(new int[] {9}, tensors).toFloats()).isEqualTo(expected);
            assertThat(own.lastLogits(new int[] {9}, arrays).toFloats()).isEqualTo(expected);
            assertThat(arrays.nbytes()).isEqualTo(2L * 2 * 2 * 32 * 4 * 64);
            assertThatThrownBy(() -> own.lastLogits(new int[64], arrays))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("holds 16 tokens and may hold 64");
        }
    }

    @Test
    void theReferenceRemembersToo(@TempDir Path folder) throws Exception {
        CausalLm model = load(TinyQuantized.write(folder, "qwen2"), KernelSet.REFERENCE);
        float[] whole = model.lastLogits(TOKENS).toFloats();
        try (KvCache cache = model.newCache(TOKENS.length)) {
            model.lastLogits(Arrays.copyOf(TOKENS, 11), cache);
            float[] last = model.lastLogits(Arrays.copyOfRange(TOKENS, 11, TOKENS.length), cache)
                    .toFloats();
            assertThat(largest(last, whole)).isLessThan(1e-4);
        }
    }

    @Test
    void fourBitsTakeLessThanAThirdOfBfloat16(@TempDir Path folder) throws Exception {
        Path path = TinyQuantized.write(folder, "qwen2");
        long real = load(path, KernelSet.REFERENCE).weightBytes() / 2; // float32 to bfloat16
        assertThat((double) load(path, KernelSet.OWN).weightBytes() / real).isLessThan(0.36); // small tiles are padded
    }

    /** Every step of the ladder computes the same model. */
    @ParameterizedTest
    @ValueSource(strings = {"qwen2", "qwen3", "llama"})
    void doesWithoutSomeKernels(String family, @TempDir Path folder) throws Exception {
        CausalLm own = load(TinyQuantized.write(folder, family), KernelSet.OWN);
        float[] full = own.logits(TOKENS).toFloats();
        for (LayerFeature one : LayerFeature.values()) {
            for (Set<LayerFeature> features : List.of(Set.<LayerFeature>of(), Set.of(one))) {
                CausalLm some = own.limitedTo(features);
                float[] logits = some.logits(TOKENS).toFloats();
                assertThat(correlation(logits, full)).as("%s", features).isGreaterThan(0.999);
                try (KvCache cache = some.newCache(TOKENS.length)) {
                    some.lastLogits(Arrays.copyOf(TOKENS, 11), cache);
                    float[] last = some.lastLogits(Arrays.copyOfRange(TOKENS, 11, TOKENS.length), cache)
                            .toFloats();
                    float[] expected = Arrays.copyOfRange(logits, logits.length - last.length, logits.length);
                    assertThat(correlation(last, expected)).as("%s", features).isGreaterThan(0.999);
                }
            }
        }
        assertThat(own.limitedTo(Set.of(LayerFeature.values())).logits(TOKENS).toFloats())
                .isEqualTo(full);
        assertThat(own.limitedTo(Set.of()).variants().get("attention")).isEqualTo("array operations");
        assertThatThrownBy(() -> load(folder, KernelSet.REFERENCE).limitedTo(Set.of()))
                .hasMessageContaining("load it for \"own\"");
    }

    @Test
    void partsBelongToTheReference(@TempDir Path folder) throws Exception {
        CausalLm own = load(TinyQuantized.write(folder, "llama"), KernelSet.OWN);
        assertThatThrownBy(() -> own.with(Masks::new)).hasMessageContaining("reference");
        assertThatThrownBy(own::weights).hasMessageContaining("reference");
    }

    @Test
    void realNumbersFallBack() {
        CausalLm model = load(Path.of("src/test/resources/checkpoints/qwen2-tied-bf16"), KernelSet.OWN);
        assertThat(model.kernels()).isEqualTo(KernelSet.REFERENCE);
        assertThat(model.variants().get("matmul")).contains("not quantized");
    }

    /** Greedy texts of 64 tokens; where they part, the two candidates' logits have to be closer than the sets' stated error. */
    @ParameterizedTest
    @ValueSource(strings = {"smollm2-135m", "qwen2.5-coder-0.5b"})
    void greedyTextsPartOnlyAtCloseLogits(String name) {
        Path path = real(name);
        assumeTrue(Files.exists(path));
        CausalLm own = load(path, KernelSet.OWN);
        int[] prompt = own.tokenizer().encode("The three states of matter are");
        List<float[]> ownLogits = new ArrayList<>();
        int[] ownText = greedy(own, prompt, ownLogits);
        sameBits(own, Arrays.copyOf(ownText, Math.min(ownText.length, 24)));
        for (KernelSet set : new KernelSet[] {KernelSet.REFERENCE, KernelSet.MLX}) {
            if (set == KernelSet.MLX && !name.startsWith("smol") && !Boolean.getBoolean("tinyllm.long")) {
                continue; // MLX takes half a second for each of its tokens on a CPU
            }
            List<float[]> logits = new ArrayList<>();
            int[] text = greedy(load(path, set), prompt, logits);
            int parted = Arrays.mismatch(ownText, text);
            System.out.println(name + ": own and " + set.word()
                    + (parted < 0 ? " write the same 64 tokens" : " part at token " + (parted - prompt.length)));
            if (parted >= 0) {
                float[] theirs = logits.get(parted - prompt.length);
                double gap = theirs[text[parted]] - theirs[ownText[parted]];
                System.out.printf("  logit gap there: %.4f%n", gap);
                assertThat(gap).as("gap where own and %s part", set.word()).isBetween(0.0, EXPLAINED_GAP);
            }
        }
    }

    private static int[] greedy(CausalLm model, int[] prompt, List<float[]> logits) {
        int[] text = Arrays.copyOf(prompt, prompt.length + 64);
        try (KvCache cache = model.newCache(text.length)) {
            int known = 0;
            for (int length = prompt.length; length < text.length; length++) {
                Tensor next = model.lastLogits(Arrays.copyOfRange(text, known, length), cache);
                float[] row = next.toFloats();
                logits.add(row);
                int best = 0;
                for (int i = 1; i < row.length; i++) {
                    best = row[i] > row[best] ? i : best;
                }
                known = length;
                text[length] = best;
            }
        }
        return text;
    }

    private static double largest(float[] a, float[] b) {
        double most = 0;
        for (int i = 0; i < a.length; i++) {
            most = Math.max(most, Math.abs(a[i] - b[i]));
        }
        return most;
    }

    private static double correlation(float[] a, float[] b) {
        double ab = 0;
        double aa = 0;
        double bb = 0;
        for (int i = 0; i < a.length; i++) {
            ab += (double) a[i] * b[i];
            aa += (double) a[i] * a[i];
            bb += (double) b[i] * b[i];
        }
        return ab / Math.sqrt(aa * bb);
    }
}
