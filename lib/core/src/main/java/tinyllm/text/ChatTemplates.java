package tinyllm.text;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Finds the chat template that a checkpoint brings, and the names of its special tokens. */
public final class ChatTemplates {
    private static final JsonMapper MAPPER = new JsonMapper();

    private ChatTemplates() {}

    /**
     * From a GGUF file's metadata ({@code tokenizer.chat_template}), or null if it brings none.
     *
     * @throws tinyllm.text.jinja.TemplateException if the template is not Jinja, or asks for what is not built
     */
    public static @Nullable ChatTemplate fromGguf(Map<String, ? extends @Nullable Object> metadata) {
        if (!(metadata.get("tokenizer.chat_template") instanceof String source)) {
            return null;
        }
        Map<String, String> special = new HashMap<>();
        if (metadata.get("tokenizer.ggml.tokens") instanceof java.util.List<?> tokens) {
            for (String name : new String[] {"bos", "eos", "unknown", "padding"}) {
                Object id = metadata.get("tokenizer.ggml." + name + "_token_id");
                if (id instanceof Number n && n.longValue() >= 0 && n.longValue() < tokens.size()) {
                    special.put(templateName(name), String.valueOf(tokens.get(n.intValue())));
                }
            }
        }
        return ChatTemplate.of(source, special);
    }

    private static String templateName(String name) {
        return switch (name) {
            case "unknown" -> "unk_token";
            case "padding" -> "pad_token";
            default -> name + "_token";
        };
    }

    /**
     * From the files beside safetensors, or null if they bring none.
     *
     * @param tokenizerConfig the text of tokenizer_config.json, or null if there is none
     * @param templateFile the text of chat_template.jinja, which goes before the other, or null if there is none
     * @throws tinyllm.text.jinja.TemplateException if the template is not Jinja, or asks for what is not built
     * @throws TokenizerException if tokenizer_config.json is no JSON object
     */
    public static @Nullable ChatTemplate fromFiles(@Nullable String tokenizerConfig, @Nullable String templateFile) {
        JsonNode config = parse(tokenizerConfig == null ? "{}" : tokenizerConfig);
        String source = templateFile != null ? templateFile : source(config.path("chat_template"));
        return source == null ? null : ChatTemplate.of(source, specialTokens(config));
    }

    private static JsonNode parse(String json) {
        try {
            JsonNode config = MAPPER.readTree(json);
            if (config.isObject()) {
                return config;
            }
            throw new TokenizerException("tokenizer_config.json is not a JSON object.");
        } catch (JacksonException e) {
            throw new TokenizerException("tokenizer_config.json is not valid JSON: " + e.getOriginalMessage(), e);
        }
    }

    /** A template, or the one named "default" among several. */
    private static @Nullable String source(JsonNode templates) {
        if (templates.isString()) {
            return templates.asString();
        }
        for (JsonNode entry : templates) {
            if (entry.path("name").asString("").equals("default")
                    && entry.path("template").isString()) {
                return entry.path("template").asString();
            }
        }
        return null;
    }

    /** {@code "eos_token": "…"} or {@code "eos_token": {"content": "…"}}. */
    private static Map<String, String> specialTokens(JsonNode config) {
        Map<String, String> special = new HashMap<>();
        for (String name :
                new String[] {"bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token"}) {
            JsonNode token = config.path(name);
            JsonNode text = token.isObject() ? token.path("content") : token;
            if (text.isString()) {
                special.put(name, text.asString());
            }
        }
        return special;
    }
}
