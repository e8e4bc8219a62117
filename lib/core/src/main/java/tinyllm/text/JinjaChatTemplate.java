package tinyllm.text;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tinyllm.text.jinja.JinjaTemplate;

/** A Jinja template, rendered with the variables that Hugging Face's {@code apply_chat_template} sets. */
final class JinjaChatTemplate implements ChatTemplate {
    private final JinjaTemplate template;
    private final Map<String, String> specialTokens;

    JinjaChatTemplate(String source, Map<String, String> specialTokens) {
        this.template = JinjaTemplate.parse(source);
        this.specialTokens = Map.copyOf(specialTokens);
    }

    @Override
    public TemplateText render(
            List<Map<String, Object>> messages, List<Map<String, Object>> tools, boolean addGenerationPrompt) {
        return render(messages, tools, addGenerationPrompt, Map.of());
    }

    @Override
    public TemplateText render(
            List<Map<String, Object>> messages,
            List<Map<String, Object>> tools,
            boolean addGenerationPrompt,
            Map<String, ? extends @Nullable Object> variables) {
        Map<String, @Nullable Object> data = new HashMap<>(variables);
        data.put("messages", messages);
        data.put("tools", tools.isEmpty() ? null : tools);
        data.put("documents", null);
        data.put("add_generation_prompt", addGenerationPrompt);
        List<TemplateText.Span> spans = new ArrayList<>();
        template.render(data, specialTokens)
                .forEachRun((text, fromTemplate) -> spans.add(new TemplateText.Span(text, fromTemplate)));
        return new TemplateText(spans);
    }
}
