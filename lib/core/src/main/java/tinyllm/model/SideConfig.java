package tinyllm.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tinyllm.text.ChatTemplate;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads the small JSON files beside the weights: {@code tokenizer_config.json} and {@code generation_config.json}. */
final class SideConfig {

    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(64)
                            .maxStringLength(1 << 20)
                            .build())
                    .build())
            .build();
    private static final List<String> SPECIAL = List.of("bos_token", "eos_token", "pad_token", "unk_token");

    private final JsonNode root;

    private SideConfig(JsonNode root) {
        this.root = root;
    }

    static SideConfig parse(String json) {
        try {
            return new SideConfig(JSON.readTree(json));
        } catch (JacksonException e) {
            throw new ConfigException(
                    "a configuration file beside the weights is not valid JSON: " + e.getOriginalMessage());
        }
    }

    /** The template named "default" where there are several. */
    @Nullable
    ChatTemplate template() {
        JsonNode node = root.path("chat_template");
        if (node.isString()) {
            return ChatTemplate.of(node.asString(), specialTokens());
        }
        for (JsonNode named : node) {
            if (named.path("name").asString("").equals("default")) {
                return ChatTemplate.of(named.path("template").asString(""), specialTokens());
            }
        }
        return null;
    }

    /** A number, or a list of numbers. */
    List<Integer> ints(String field) {
        JsonNode node = root.path(field);
        if (node.isIntegralNumber()) {
            return List.of(node.asInt());
        }
        List<Integer> all = new ArrayList<>();
        node.forEach(one -> {
            if (one.isIntegralNumber()) {
                all.add(one.asInt());
            }
        });
        return all;
    }

    /** A token is written as a string, or as an object with its content. */
    Map<String, String> specialTokens() {
        Map<String, String> tokens = new LinkedHashMap<>();
        for (String name : SPECIAL) {
            JsonNode node = root.path(name);
            JsonNode text = node.isObject() ? node.path("content") : node;
            if (text.isString()) {
                tokens.put(name, text.asString());
            }
        }
        return tokens;
    }
}
