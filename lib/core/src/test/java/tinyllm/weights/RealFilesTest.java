package tinyllm.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tinyllm.tensor.DType;
import tinyllm.weights.format.FormatException;
import tinyllm.weights.format.GgufHeader;
import tinyllm.weights.format.MappedFile;

/** The two models of the registry, where they were fetched. */
@Tag("slow")
class RealFilesTest {

    private static Path file(String name) {
        Path found = ModelFiles.find(ModelRegistry.standard().get(name));
        assumeTrue(found != null, name + " is not on this machine: ./lab models fetch " + name);
        return Objects.requireNonNull(found);
    }

    @ParameterizedTest
    @CsvSource({"qwen2.5-coder-0.5b,qwen2,24,896,14,2,151936,false", "smollm2-135m,llama,30,576,9,3,49152,true"})
    void describesItself(
            String name, String type, int layers, int hidden, int heads, int kvHeads, int vocabulary, boolean tied) {
        try (Checkpoint checkpoint = Checkpoint.open(file(name))) {
            assertThat(checkpoint.config())
                    .containsEntry("model_type", type)
                    .containsEntry("num_hidden_layers", layers)
                    .containsEntry("hidden_size", hidden)
                    .containsEntry("num_attention_heads", heads)
                    .containsEntry("num_key_value_heads", kvHeads)
                    .containsEntry("head_dim", 64)
                    .containsEntry("vocab_size", vocabulary)
                    .containsEntry("tie_word_embeddings", tied);
            assertThat(checkpoint.has("lm_head.weight")).isNotEqualTo(tied);
            assertThat(checkpoint.ropeTraditional()).isEqualTo(type.equals("llama"));
            assertThat((List<?>) checkpoint.metadata().get("tokenizer.ggml.tokens"))
                    .hasSize(vocabulary);
            assertThat(checkpoint.shape("model.layers.0.self_attn.k_proj.weight"))
                    .containsExactly(kvHeads * 64, hidden);
        }
    }

    /** Row F1 on the real header of 6 MB. */
    @ParameterizedTest
    @ValueSource(strings = {"qwen2.5-coder-0.5b", "smollm2-135m"})
    void everyCutIsRefused(String name) {
        try (MappedFile file = MappedFile.open(file(name))) {
            MemorySegment whole = file.bytes();
            GgufHeader header = GgufHeader.read(whole);
            Random random = new Random(1);
            for (int i = 0; i < (Boolean.getBoolean("tinyllm.long") ? 500 : 120); i++) {
                long limit = i % 2 == 0 ? header.dataOffset() + 64 : whole.byteSize();
                MemorySegment cut = whole.asSlice(0, random.nextLong(limit));
                assertThatThrownBy(() -> GgufHeader.read(cut))
                        .as("cut at %d", cut.byteSize())
                        .isInstanceOf(FormatException.class);
            }
        }
    }

    /** 630 million weights in a few seconds; the limit leaves room for a busy machine. */
    @ParameterizedTest
    @ValueSource(strings = {"qwen2.5-coder-0.5b", "smollm2-135m"})
    void allWeightsLoadQuicklyAndAreFinite(String name) {
        try (FileCheckpoint checkpoint = (FileCheckpoint) Checkpoint.open(file(name))) {
            long start = System.nanoTime();
            long weights = 0;
            for (String tensor : checkpoint.names()) {
                try (Arena arena = Arena.ofShared()) {
                    MemorySegment values = checkpoint.read(tensor, DType.F32, arena);
                    long count = values.byteSize() / 4;
                    for (long i = 0; i < count; i += Math.max(1, count / 997)) {
                        float value = values.getAtIndex(ValueLayout.JAVA_FLOAT, i);
                        assertThat(value).as(tensor).isFinite().isBetween(-1000f, 1000f);
                    }
                    weights += count;
                }
            }
            assertThat(weights).isEqualTo(ModelRegistry.standard().get(name).parameters());
            assertThat((System.nanoTime() - start) / 1e9).isLessThan(20);
        }
    }
}
