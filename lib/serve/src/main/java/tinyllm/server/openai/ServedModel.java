package tinyllm.server.openai;

import java.util.List;
import java.util.Map;
import tinyllm.engine.Engine;
import tinyllm.model.CausalLm;
import tinyllm.server.http.HttpException;
import tinyllm.text.ChatTemplate;
import tinyllm.text.Tokenizer;
import tinyllm.text.jinja.TemplateException;

/** A model under the name that clients call it by, and the engine that runs it. Safe for many threads. */
public final class ServedModel {
    private final String name;
    private final CausalLm model;
    private final Engine engine;
    private final long created;
    private final Constraints constraints;
    private volatile int knowsTools; // 0: not known yet

    /** @param created in seconds since 1970, for the list of models */
    public ServedModel(String name, CausalLm model, Engine engine, long created) {
        this.name = name;
        this.model = model;
        this.engine = engine;
        this.created = created;
        this.constraints = new Constraints(model.tokenizer());
    }

    public String name() {
        return name;
    }

    public Engine engine() {
        return engine;
    }

    long created() {
        return created;
    }

    /** Tokens that a question and its answer may have together. */
    int context() {
        return engine.capacity();
    }

    Tokenizer tokenizer() {
        return model.tokenizer();
    }

    Constraints constraints() {
        return constraints;
    }

    /** The template, for a conversation with these tools. */
    ChatTemplate template(List<Tool> tools) {
        ChatTemplate template;
        try {
            template = model.chatTemplate();
        } catch (IllegalStateException e) {
            throw new HttpException(400, "the model has no chat template: ask it by /v1/completions")
                    .param("model")
                    .code("no_chat_template");
        }
        if (!tools.isEmpty() && !knowsTools(template)) {
            throw Fields.unsupportedField(
                    "tools", "the model's chat template knows no tools, so it would not see them");
        }
        return template;
    }

    /** A template that knows no tools writes the same prompt without a word. */
    private boolean knowsTools(ChatTemplate template) {
        if (knowsTools == 0) {
            List<Map<String, Object>> hello = List.of(Map.of("role", "user", "content", "hello"));
            Map<String, Object> tool = Map.of(
                    "type", "function", "function", Map.of("name", "probe", "parameters", Map.of("type", "object")));
            boolean knows;
            try {
                knows = template.render(hello, List.of(tool), true).toString().contains(ToolCalls.OPEN);
            } catch (TemplateException e) {
                knows = false;
            }
            knowsTools = knows ? 1 : -1;
        }
        return knowsTools > 0;
    }
}
