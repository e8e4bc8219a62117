package tinyllm.text;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A checkpoint's own chat template: it turns a conversation into the prompt that the model was trained on. Immutable and safe
 * to share between threads.
 */
public interface ChatTemplate {
    /**
     * @param messages each a map with "role", "content", and what the template reads besides (tool_calls, …); values are text,
     *     numbers, truth values, null, lists and maps, as JSON has them
     * @param tools JSON-like maps, empty for none
     * @param addGenerationPrompt whether the prompt ends where the assistant's answer begins
     * @throws tinyllm.text.jinja.TemplateException if the template refuses the conversation or can't be run
     */
    TemplateText render(
            List<Map<String, Object>> messages, List<Map<String, Object>> tools, boolean addGenerationPrompt);

    /** As above, with more variables for the template, such as Qwen3's {@code enable_thinking}. */
    default TemplateText render(
            List<Map<String, Object>> messages,
            List<Map<String, Object>> tools,
            boolean addGenerationPrompt,
            Map<String, ? extends @Nullable Object> variables) {
        if (!variables.isEmpty()) {
            throw new UnsupportedOperationException(
                    "This chat template takes no further variables: " + variables.keySet());
        }
        return render(messages, tools, addGenerationPrompt);
    }

    /**
     * @param source the template's text (GGUF: {@code tokenizer.chat_template}; else tokenizer_config.json's
     *     {@code chat_template} or the file chat_template.jinja)
     * @throws tinyllm.text.jinja.TemplateException if it is not Jinja, or asks for what is not built
     */
    static ChatTemplate of(String source) {
        return of(source, Map.of());
    }

    /** @param specialTokens what the template may print by name: bos_token, eos_token, … */
    static ChatTemplate of(String source, Map<String, String> specialTokens) {
        return new JinjaChatTemplate(source, specialTokens);
    }
}
