package tinyllm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tinyllm.model.ModelConfig.Family;

class ModelConfigTest {

    private static Map<String, Object> valid() {
        return new HashMap<>(Map.of(
                "model_type", "qwen2",
                "hidden_size", 64,
                "num_hidden_layers", 2,
                "num_attention_heads", 8,
                "num_key_value_heads", 2,
                "intermediate_size", 128,
                "vocab_size", 256,
                "rms_norm_eps", 1e-6,
                "rope_theta", 1000000.0,
                "max_position_embeddings", 512));
    }

    @Test
    void readsAQwen2() {
        ModelConfig config = ModelConfig.from(valid(), false);
        assertThat(config.family()).isEqualTo(Family.QWEN2);
        assertThat(config.headDim()).isEqualTo(8);
        assertThat(config.attentionBias()).isTrue();
        assertThat(config.qkNorm()).isFalse();
        assertThat(config.kvBytesPerToken(2)).isEqualTo(2 * 2 * 2 * 8 * 2);
    }

    @Test
    void headDimNeedNotDivideTheHiddenSize() {
        Map<String, Object> config = valid();
        config.put("model_type", "qwen3");
        config.put("head_dim", 128);
        assertThat(ModelConfig.from(config, false).headDim()).isEqualTo(128);
    }

    @Test
    void takesThetaFromRopeParameters() {
        Map<String, Object> config = valid();
        config.remove("rope_theta");
        config.put("rope_parameters", Map.of("rope_type", "default", "rope_theta", 5e5));
        assertThat(ModelConfig.from(config, false).ropeTheta()).isEqualTo(5e5);
    }

    static Stream<Arguments> wrong() {
        return Stream.of(
                Arguments.of("num_key_value_heads", 3),
                Arguments.of("num_key_value_heads", 0),
                Arguments.of("num_attention_heads", -1),
                Arguments.of("num_attention_heads", 0),
                Arguments.of("num_hidden_layers", 1_000_000_000),
                Arguments.of("num_hidden_layers", 1e300),
                Arguments.of("num_hidden_layers", 2.5),
                Arguments.of("rope_theta", "NaN"),
                Arguments.of("rope_theta", Double.NaN),
                Arguments.of("rope_theta", -1.0),
                Arguments.of("rms_norm_eps", Double.POSITIVE_INFINITY),
                Arguments.of("hidden_size", "64"),
                Arguments.of("hidden_size", List.of(64)),
                Arguments.of("vocab_size", 0),
                Arguments.of("head_dim", 7),
                Arguments.of("max_position_embeddings", 0),
                Arguments.of("tie_word_embeddings", "yes"),
                Arguments.of("model_type", "mamba"),
                Arguments.of("hidden_act", "gelu"),
                Arguments.of("use_sliding_window", true),
                Arguments.of("rope_scaling", Map.of("type", "yarn", "factor", 4)),
                Arguments.of("rope_scaling", "yarn"),
                Arguments.of("rope_parameters", Map.of("rope_type", "llama3")),
                Arguments.of("layer_types", List.of("full_attention", "sliding_attention")),
                Arguments.of("mlp_bias", true),
                Arguments.of("logits_scaling", 8.0),
                Arguments.of("final_logit_softcapping", 30.0),
                Arguments.of("num_experts", 60),
                Arguments.of("v_head_dim", 128),
                Arguments.of("partial_rotary_factor", 0.5));
    }

    @ParameterizedTest
    @MethodSource("wrong")
    void refusesByName(String field, Object value) {
        Map<String, Object> config = valid();
        config.put(field, value);
        assertThatThrownBy(() -> ModelConfig.from(config, false))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(field);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "model_type",
                "hidden_size",
                "num_hidden_layers",
                "num_attention_heads",
                "intermediate_size",
                "vocab_size",
                "max_position_embeddings"
            })
    void refusesAMissingField(String field) {
        Map<String, Object> config = valid();
        config.remove(field);
        assertThatThrownBy(() -> ModelConfig.from(config, false))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("no " + field);
    }

    @Test
    void cutsWhatAFileSaysOfItself() {
        Map<String, Object> config = valid();
        config.put("model_type", "x\u001b[31m".repeat(1000));
        assertThatThrownBy(() -> ModelConfig.from(config, false))
                .isInstanceOf(ConfigException.class)
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(250).doesNotContain("\u001b"));
    }
}
