package tinyllm.server.openai;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tinyllm.engine.EngineRequest;
import tinyllm.sampling.TokenConstraint;
import tinyllm.server.http.HttpException;
import tinyllm.text.TemplateText;
import tinyllm.text.jinja.TemplateException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Reads what {@code POST /v1/chat/completions} gets. */
final class ChatRequest {

    /** Of the protocol, and not built here. */
    private static final String[] UNSUPPORTED = {
        "audio", "functions", "function_call", "prediction", "reasoning_effort", "verbosity", "web_search_options"
    };

    /** Sent by clients for the sake of OpenAI's own service; they change no answer. */
    private static final String[] HARMLESS = {
        "user", "service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_retention"
    };

    private ChatRequest() {}

    static Job read(ObjectNode body, ServedModels models) {
        Fields in = new Fields(body, "");
        ServedModel model = models.named(in);
        List<Map<String, Object>> messages = Messages.read(in);
        List<Tool> tools = Tool.nested(in);
        Tool.Use use = Tool.Use.read(in, tools);
        ResponseFormat format = ResponseFormat.nested(in);
        Sampling sampling = Sampling.read(in, "max_tokens", "max_completion_tokens");
        Integer logprobs = logprobs(in);
        boolean streams = in.flag("stream", false);
        boolean usage = includeUsage(in, streams);
        Map<String, Object> variables = variables(in);
        modalities(in);
        harmless(in);
        in.unsupported(UNSUPPORTED);
        in.end();
        TemplateText prompt = prompt(model, messages, use.tools(), variables, "messages");
        return new Job(
                model,
                requests(model, EngineRequest.rendered(prompt), sampling, logprobs, format, use),
                streams,
                new ChatWriter(
                        model,
                        sampling.n(),
                        streams,
                        usage,
                        logprobs != null,
                        !use.tools().isEmpty()));
    }

    /** One for each of the n answers. */
    static List<EngineRequest> requests(
            ServedModel model,
            EngineRequest prompt,
            Sampling sampling,
            @Nullable Integer logprobs,
            ResponseFormat format,
            Tool.Use use) {
        Supplier<? extends TokenConstraint> constraint = model.constraints().of(format, use);
        if (constraint != null && sampling.ignoreEnd()) {
            throw HttpException.field(
                    "ignore_eos", "ignore_eos can't be true where a schema or a tool says when the answer ends");
        }
        EngineRequest held = constraint == null ? prompt : prompt.constrained(constraint);
        List<EngineRequest> all = new ArrayList<>();
        for (int choice = 0; choice < sampling.n(); choice++) {
            all.add(sampling.apply(held, choice, logprobs));
        }
        return all;
    }

    /** What people said stays apart from what the template wrote, so that nobody can write a special token. */
    static TemplateText prompt(
            ServedModel model,
            List<Map<String, Object>> messages,
            List<Tool> tools,
            Map<String, Object> variables,
            String field) {
        try {
            return model.template(tools)
                    .render(messages, tools.stream().map(Tool::asMap).toList(), true, variables);
        } catch (TemplateException e) {
            throw HttpException.field(field, "the model's chat template refuses the conversation: " + e.getMessage());
        }
    }

    private static @Nullable Integer logprobs(Fields in) {
        boolean wanted = in.flag("logprobs", false);
        Integer top = in.whole("top_logprobs", 0, EngineRequest.TOP_LOGPROBS);
        if (top != null && !wanted) {
            throw HttpException.field("top_logprobs", "top_logprobs needs logprobs to be true");
        }
        return wanted ? Integer.valueOf(top == null ? 0 : top) : null;
    }

    static boolean includeUsage(Fields in, boolean streams) {
        Fields options = in.object("stream_options");
        if (options == null) {
            return false;
        }
        if (!streams) {
            throw HttpException.field("stream_options", "stream_options needs stream to be true");
        }
        boolean usage = options.flag("include_usage", false);
        options.flag("include_obfuscation", false);
        options.end();
        return usage;
    }

    /** Values for the template's own switches, such as Qwen3's enable_thinking. */
    private static Map<String, Object> variables(Fields in) {
        Fields given = in.object("chat_template_kwargs");
        Map<String, Object> all = new LinkedHashMap<>();
        if (given != null) {
            for (Map.Entry<String, JsonNode> entry : given.node().properties()) {
                if (!entry.getValue().isValueNode() || entry.getValue().isNull()) {
                    throw given.wrong(entry.getKey(), "a text, a number, true or false");
                }
                all.put(entry.getKey(), Messages.value(entry.getValue()));
            }
        }
        return all;
    }

    private static void modalities(Fields in) {
        var list = in.array("modalities", 8);
        for (JsonNode kind : list == null ? List.<JsonNode>of() : list) {
            if (!kind.isString() || !kind.stringValue().equals("text")) {
                throw Fields.unsupportedField(
                        "modalities", "modalities may be [\"text\"] alone: the model writes text");
            }
        }
    }

    static void harmless(Fields in) {
        in.harmlessTexts(HARMLESS);
        in.object("metadata");
        in.flag("store", false);
    }
}
