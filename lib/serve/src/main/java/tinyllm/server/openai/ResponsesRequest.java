package tinyllm.server.openai;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tinyllm.engine.EngineRequest;
import tinyllm.server.http.HttpException;
import tinyllm.text.TemplateText;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Reads what {@code POST /v1/responses} gets. Nothing is stored: a conversation comes whole with each request. */
final class ResponsesRequest {
    private static final int MAX_ITEMS = 4096;

    private ResponsesRequest() {}

    static Job read(ObjectNode body, ServedModels models) {
        Fields in = new Fields(body, "");
        ServedModel model = models.named(in);
        List<Map<String, Object>> messages = conversation(in);
        List<Tool> tools = Tool.flat(in);
        Tool.Use use = Tool.Use.read(in, tools);
        ResponseFormat format = format(in);
        Sampling sampling = Sampling.read(in, "max_output_tokens");
        if (sampling.n() != 1) {
            throw Fields.unsupportedField(
                    "n", "n is not a field of responses: send the request as often as you want answers");
        }
        boolean streams = in.flag("stream", false);
        options(in);
        in.end();
        TemplateText prompt = ChatRequest.prompt(model, messages, use.tools(), Map.of(), "input");
        List<EngineRequest> requests =
                ChatRequest.requests(model, EngineRequest.rendered(prompt), sampling, null, format, use);
        return new Job(
                model,
                requests,
                streams,
                new ResponsesWriter(model, body, sampling, !use.tools().isEmpty()));
    }

    private static void options(Fields in) {
        in.unsupported("previous_response_id", "conversation", "prompt", "context_management", "max_tool_calls");
        if (in.flag("background", false)) {
            throw Fields.unsupportedField("background", "background is not supported: this server stores no responses");
        }
        if ("auto".equals(in.word("truncation", "disabled", "auto"))) {
            throw Fields.unsupportedField(
                    "truncation", "truncation may be disabled alone: no text is ever left out silently");
        }
        ArrayNode include = in.array("include", 16);
        if (include != null && !include.isEmpty()) {
            throw Fields.unsupportedField("include", "include must be empty: there is nothing more to be had here");
        }
        Fields reasoning = in.object("reasoning");
        if (reasoning != null) {
            reasoning.unsupported("effort", "summary", "generate_summary");
            reasoning.end();
        }
        Fields streamOptions = in.object("stream_options");
        if (streamOptions != null) {
            streamOptions.flag("include_obfuscation", false);
            streamOptions.end();
        }
        Integer top = in.whole("top_logprobs", 0, EngineRequest.TOP_LOGPROBS);
        if (top != null && top > 0) {
            throw Fields.unsupportedField(
                    "top_logprobs", "top_logprobs is not supported by responses: /v1/chat/completions has it");
        }
        ChatRequest.harmless(in);
    }

    private static ResponseFormat format(Fields in) {
        Fields text = in.object("text");
        if (text == null) {
            return ResponseFormat.TEXT;
        }
        ResponseFormat format = ResponseFormat.flat(text.object("format"));
        text.unsupported("verbosity");
        text.end();
        return format;
    }

    private static List<Map<String, Object>> conversation(Fields in) {
        List<Map<String, Object>> all = new ArrayList<>();
        String instructions = in.text("instructions");
        if (instructions != null) {
            all.add(message("system", instructions));
        }
        JsonNode input = in.any("input");
        if (input == null) {
            throw HttpException.field("input", "input is missing: send a text or a list of items");
        }
        if (input.isString()) {
            all.add(message("user", input.stringValue()));
        } else {
            in.objects("input", MAX_ITEMS).forEach(item -> item(item, all));
        }
        Messages.requireContent(all, "input");
        return all;
    }

    private static Map<String, Object> message(String role, String content) {
        Map<String, Object> message = new LinkedHashMap<>();
        message.put("role", role);
        message.put("content", content);
        return message;
    }

    private static void item(Fields in, List<Map<String, Object>> all) {
        String type = in.text("type");
        in.harmlessTexts("id", "status");
        switch (type == null ? "message" : type) {
            case "message" -> all.add(message(in));
            case "function_call" -> call(in, all);
            case "function_call_output" -> {
                Map<String, Object> output = message("tool", content(in, "output"));
                output.put("tool_call_id", in.requiredText("call_id"));
                all.add(output);
            }
            default ->
                throw Fields.unsupportedField(
                        in.at("type"),
                        in.at("type") + " must be one of message, function_call, function_call_output, but is \""
                                + Fields.shortened(String.valueOf(type), 30) + "\"");
        }
        in.end();
    }

    private static Map<String, Object> message(Fields in) {
        String role = in.requiredText("role");
        in.word("role", "system", "developer", "user", "assistant");
        return message(role.equals("developer") ? "system" : role, content(in, "content"));
    }

    private static String content(Fields in, String name) {
        JsonNode value = in.any(name);
        if (value == null) {
            throw HttpException.field(in.at(name), in.at(name) + " is missing");
        }
        return value.isString()
                ? value.stringValue()
                : Messages.joined(in, name, "input_text", "output_text", "text", "refusal");
    }

    /** Calls of one turn are items of their own here, and belong to one message of the assistant there. */
    private static void call(Fields in, List<Map<String, Object>> all) {
        Map<String, Object> call =
                Messages.call(in.requiredText("call_id"), in.requiredText("name"), in.text("arguments"));
        @Nullable Map<String, Object> last = all.isEmpty() ? null : all.getLast();
        if (last == null || !"assistant".equals(last.get("role"))) {
            last = message("assistant", "");
            all.add(last);
        }
        List<Object> calls = new ArrayList<>();
        if (last.get("tool_calls") instanceof List<?> before) {
            calls.addAll(before);
        }
        calls.add(call);
        last.put("tool_calls", calls);
    }
}
