package tinyllm.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static tinyllm.weights.format.GgufBuilder.floats;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tinyllm.tensor.DType;
import tinyllm.weights.format.FormatException;
import tinyllm.weights.format.GgufBuilder;

class CheckpointTest {
    @TempDir
    Path folder;

    private static GgufBuilder qwen(String architecture) {
        return new GgufBuilder()
                .string("general.architecture", architecture)
                .u32(architecture + ".embedding_length", 4)
                .u32(architecture + ".block_count", 1)
                .u32(architecture + ".attention.head_count", 2)
                .u32(architecture + ".context_length", 128)
                .f32(architecture + ".attention.layer_norm_rms_epsilon", 1e-6f);
    }

    private Checkpoint gguf(GgufBuilder builder) throws IOException {
        return Checkpoint.open(Files.write(folder.resolve("model.gguf"), builder.build()));
    }

    private static byte[] matrix() {
        return floats(1, 2, 3, 4, 5, 6, 7, 8);
    }

    @Test
    void ggufNamesAndConfigAreThoseOfHuggingFace() throws IOException {
        GgufBuilder builder = qwen("qwen3").u32("qwen3.attention.key_length", 8).u32("qwen3.attention.value_length", 8);
        for (String name : List.of("token_embd", "output", "blk.0.attn_q", "blk.0.attn_output", "blk.0.ffn_down")) {
            builder.tensor(name + ".weight", 0, matrix(), 2, 4);
        }
        for (String name :
                List.of("output_norm", "blk.0.attn_q_norm", "blk.0.ffn_norm", "rope_freqs", "blk.0.mystery")) {
            builder.tensor(name + ".weight", 0, floats(1, 1, 1, 1), 4);
        }
        builder.tensor("blk.0.attn_q.bias", 0, floats(1, 1, 1, 1), 4);
        try (Checkpoint checkpoint = gguf(builder)) {
            assertThat(checkpoint.names())
                    .containsExactlyInAnyOrder(
                            "model.embed_tokens.weight",
                            "lm_head.weight",
                            "model.layers.0.self_attn.q_proj.weight",
                            "model.layers.0.self_attn.q_proj.bias",
                            "model.layers.0.self_attn.o_proj.weight",
                            "model.layers.0.mlp.down_proj.weight",
                            "model.norm.weight",
                            "model.layers.0.self_attn.q_norm.weight",
                            "model.layers.0.post_attention_layernorm.weight",
                            "rope_freqs.weight",
                            "blk.0.mystery.weight");
            assertThat(checkpoint.config())
                    .containsEntry("model_type", "qwen3")
                    .containsEntry("hidden_size", 4)
                    .containsEntry("num_key_value_heads", 2)
                    .containsEntry("head_dim", 8)
                    .containsEntry("vocab_size", 2)
                    .containsEntry("rms_norm_eps", 1e-6)
                    .containsEntry("max_position_embeddings", 128)
                    .containsEntry("tie_word_embeddings", false)
                    .doesNotContainKeys("rope_scaling", "use_sliding_window", "v_head_dim", "partial_rotary_factor");
            assertThat(checkpoint.ropeTraditional()).isFalse();
            assertThat(checkpoint.metadata()).containsEntry("qwen3.block_count", 1L);
            assertThat(checkpoint.textFile("config.json")).isNull();
            assertThat(Values.floats(checkpoint, "lm_head.weight")).containsExactly(1, 2, 3, 4, 5, 6, 7, 8);
        }
    }

    @Test
    void llamaIsTiedAndTraditional() throws IOException {
        try (Checkpoint checkpoint = gguf(qwen("llama").tensor("token_embd.weight", 0, matrix(), 2, 4))) {
            assertThat(checkpoint.ropeTraditional()).isTrue();
            assertThat(checkpoint.config())
                    .containsEntry("tie_word_embeddings", true)
                    .containsEntry("head_dim", 2);
        }
    }

    @Test
    void fieldsThatChangeTheOutputAreKept() throws IOException {
        GgufBuilder builder = qwen("qwen2")
                .string("qwen2.rope.scaling.type", "yarn")
                .f32("qwen2.rope.scaling.factor", 4)
                .u32("qwen2.attention.sliding_window", 4096)
                .u32("qwen2.rope.dimension_count", 1)
                .f32("qwen2.final_logit_softcapping", 30)
                .tensor("token_embd.weight", 0, matrix(), 2, 4);
        try (Checkpoint checkpoint = gguf(builder)) {
            assertThat(checkpoint.config())
                    .containsEntry("rope_scaling", Map.of("rope_type", "yarn", "factor", 4.0))
                    .containsEntry("sliding_window", 4096)
                    .containsEntry("use_sliding_window", true)
                    .containsEntry("partial_rotary_factor", 0.5)
                    .containsEntry("final_logit_softcapping", 30.0);
        }
    }

    @Test
    void otherDtypes() throws IOException {
        GgufBuilder builder = qwen("qwen2")
                .tensor("a", 1, new byte[] {0x00, 0x3C, 0x00, (byte) 0xC1}, 2) // f16: 1, -2.5
                .tensor("b", 30, new byte[] {(byte) 0x80, 0x3F, 0x20, (byte) 0xC0}, 2) // bf16: 1, -2.5
                .tensor("c", 26, new byte[] {1, 0, 0, 0}, 1);
        try (Checkpoint checkpoint = gguf(builder)) {
            assertThat(Values.floats(checkpoint, "a")).containsExactly(1, -2.5f);
            assertThat(Values.floats(checkpoint, "b")).containsExactly(1, -2.5f);
            assertThat(Values.halves(checkpoint, "b", DType.F16)).containsExactly((short) 0x3C00, (short) 0xC100);
            assertThat(Values.halves(checkpoint, "a", DType.BF16)).containsExactly((short) 0x3F80, (short) 0xC020);
            assertThat(Values.bytes(checkpoint, "c", DType.I32)).containsExactly(1, 0, 0, 0);
            assertThatThrownBy(() -> Values.floats(checkpoint, "c")).hasMessageContaining("holds I32");
            assertThatThrownBy(() -> Values.bytes(checkpoint, "a", DType.I32)).hasMessageContaining("F32, F16 or BF16");
        }
    }

    @Test
    void unknownTensorOffersTheNearest() throws IOException {
        try (Checkpoint checkpoint = gguf(qwen("qwen2").tensor("output_norm.weight", 0, matrix(), 8))) {
            assertThatThrownBy(() -> checkpoint.shape("model.norm.weights"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("model.norm.weight");
        }
    }

    @Test
    void closedCheckpoint() throws IOException {
        Checkpoint checkpoint = gguf(qwen("qwen2").tensor("output_norm.weight", 0, matrix(), 8));
        checkpoint.close();
        checkpoint.close();
        assertThatThrownBy(() -> Values.floats(checkpoint, "model.norm.weight")).hasMessageContaining("closed");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 4, 100})
    void fileCutAfterItWasOpened(int left) throws IOException {
        byte[] big = new byte[1 << 20];
        try (Checkpoint checkpoint = gguf(qwen("qwen2").tensor("output_norm.weight", 0, big, big.length / 4))) {
            try (var channel = java.nio.channels.FileChannel.open(
                    folder.resolve("model.gguf"), java.nio.file.StandardOpenOption.WRITE)) {
                channel.truncate(left);
            }
            assertThatThrownBy(() -> Values.floats(checkpoint, "model.norm.weight"))
                    .isInstanceOf(FormatException.class)
                    .hasMessageContaining("model.gguf")
                    .hasMessageContaining("changed after it was opened");
        }
    }

    @Test
    void fileReplacedAfterItWasOpened() throws IOException {
        try (Checkpoint checkpoint = gguf(qwen("qwen2").tensor("output_norm.weight", 0, matrix(), 8))) {
            Path file = folder.resolve("model.gguf");
            Files.setLastModifiedTime(file, java.nio.file.attribute.FileTime.fromMillis(1_000_000));
            assertThatThrownBy(() -> Values.floats(checkpoint, "model.norm.weight"))
                    .hasMessageContaining("changed");
        }
    }

    @Test
    void whatIsNoModel() throws IOException {
        assertThatThrownBy(() -> Checkpoint.open(folder.resolve("nothing"))).hasMessageContaining("does not exist");
        assertThatThrownBy(() -> Checkpoint.open(folder)).hasMessageContaining("no .safetensors and no .gguf");
        Path html = Files.writeString(folder.resolve("model.gguf"), "<!DOCTYPE html><html><body>404</body></html>");
        assertThatThrownBy(() -> Checkpoint.open(html))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("model.gguf")
                .hasMessageContaining("web page");
        assertThatThrownBy(() -> gguf(qwen("qwen2"))).hasMessageContaining("holds no tensors");
        assertThatThrownBy(() -> gguf(new GgufBuilder().tensor("a", 0, matrix(), 8)))
                .hasMessageContaining("general.architecture");
        assertThatThrownBy(() -> gguf(
                        qwen("qwen2").raw("split.count", 2, new byte[] {3, 0}).tensor("a", 0, matrix(), 8)))
                .hasMessageContaining("split");
        assertThatThrownBy(() -> gguf(
                        qwen("qwen2").tensor("output.weight", 0, matrix(), 8).tensor("lm_head.weight", 0, matrix(), 8)))
                .hasMessageContaining("lm_head.weight");
    }

    @Test
    void folderWithOneGguf() throws IOException {
        gguf(qwen("qwen2").tensor("output_norm.weight", 0, matrix(), 8)).close();
        Checkpoint.open(folder).close();
        Files.copy(folder.resolve("model.gguf"), folder.resolve("other.gguf"));
        assertThatThrownBy(() -> Checkpoint.open(folder)).hasMessageContaining("model.gguf, other.gguf");
    }
}
