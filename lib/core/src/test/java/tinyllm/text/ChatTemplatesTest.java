package tinyllm.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tinyllm.text.jinja.TemplateException;

class ChatTemplatesTest {
    @Test
    void fromGguf() {
        Map<String, Object> metadata = Map.of(
                "tokenizer.chat_template",
                "{{ bos_token }}{{ eos_token }}{{ pad_token }}",
                "tokenizer.ggml.tokens",
                List.of("a", "b"),
                "tokenizer.ggml.bos_token_id",
                1,
                "tokenizer.ggml.eos_token_id",
                0L,
                "tokenizer.ggml.padding_token_id",
                7);
        assertThat(text(ChatTemplates.fromGguf(metadata))).isEqualTo("ba");
        assertThat(ChatTemplates.fromGguf(Map.of())).isNull();
    }

    @Test
    void fromFiles() {
        String config = "{\"chat_template\": \"x{{ eos_token }}\", \"eos_token\": {\"content\": \"e\"}}";
        assertThat(text(ChatTemplates.fromFiles(config, null))).isEqualTo("xe");
        assertThat(text(ChatTemplates.fromFiles(config, "y{{ eos_token }}"))).isEqualTo("ye");
        assertThat(text(ChatTemplates.fromFiles(null, "z"))).isEqualTo("z");
        assertThat(ChatTemplates.fromFiles(null, null)).isNull();
        assertThat(ChatTemplates.fromFiles("{\"chat_template\": null}", null)).isNull();
    }

    @Test
    void theDefaultAmongSeveral() {
        String config =
                "{\"chat_template\": [{\"name\": \"rag\", \"template\": \"r\"}, {\"name\": \"default\", \"template\": \"d\"}]}";
        assertThat(text(ChatTemplates.fromFiles(config, null))).isEqualTo("d");
    }

    @Test
    void refusesWhatIsBroken() {
        assertThatThrownBy(() -> ChatTemplates.fromFiles("{", null)).isInstanceOf(TokenizerException.class);
        assertThatThrownBy(() -> ChatTemplates.fromFiles("[]", null)).isInstanceOf(TokenizerException.class);
        assertThatThrownBy(() -> ChatTemplates.fromFiles(null, "{{")).isInstanceOf(TemplateException.class);
    }

    private static String text(@Nullable ChatTemplate template) {
        return Objects.requireNonNull(template)
                .render(List.of(), List.of(), false)
                .toString();
    }
}
