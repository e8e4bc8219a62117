package tinyllm.model;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tinyllm.text.BpeTokenizer;
import tinyllm.text.ChatTemplate;
import tinyllm.text.Tokenizer;
import tinyllm.weights.Checkpoint;

/** Reads tokenizer, chat template and end tokens from a GGUF file's metadata or from the files beside safetensors. */
final class TextReader {

    /** Ends a turn or a document in every family that this lab builds, whether or not the configuration says so. */
    private static final List<String> END_TOKENS = List.of("<|im_end|>", "<|endoftext|>");

    /** GGUF's names where a template's differ. */
    private static final Map<String, String> TOKEN_NAMES = Map.of("unknown", "unk", "padding", "pad");

    private final Checkpoint checkpoint;

    private TextReader(Checkpoint checkpoint) {
        this.checkpoint = checkpoint;
    }

    static TextFiles read(String model, Checkpoint checkpoint) {
        TextReader reader = new TextReader(checkpoint);
        Tokenizer tokenizer = reader.tokenizer();
        return new TextFiles(model, tokenizer, reader.template(tokenizer), reader.ends(tokenizer));
    }

    private @Nullable Tokenizer tokenizer() {
        if (checkpoint.metadata().containsKey("tokenizer.ggml.tokens")) {
            return BpeTokenizer.fromGguf(checkpoint.metadata());
        }
        String json = checkpoint.textFile("tokenizer.json");
        return json == null ? null : BpeTokenizer.fromTokenizerJson(json);
    }

    private @Nullable ChatTemplate template(@Nullable Tokenizer tokenizer) {
        if (checkpoint.metadata().get("tokenizer.chat_template") instanceof String source) {
            return ChatTemplate.of(source, ggufSpecialTokens(tokenizer));
        }
        String json = checkpoint.textFile("tokenizer_config.json");
        SideConfig config = SideConfig.parse(json == null ? "{}" : json);
        String file = checkpoint.textFile("chat_template.jinja");
        return file == null ? config.template() : ChatTemplate.of(file, config.specialTokens());
    }

    private Map<String, String> ggufSpecialTokens(@Nullable Tokenizer tokenizer) {
        Map<String, String> tokens = new HashMap<>();
        for (String name : List.of("bos", "eos", "unknown", "padding")) {
            Object id = checkpoint.metadata().get("tokenizer.ggml." + name + "_token_id");
            if (tokenizer != null
                    && id instanceof Number n
                    && n.intValue() >= 0
                    && n.intValue() < tokenizer.vocabSize()) {
                tokens.put(TOKEN_NAMES.getOrDefault(name, name) + "_token", tokenizer.decode(n.intValue()));
            }
        }
        return tokens;
    }

    private Set<Integer> ends(@Nullable Tokenizer tokenizer) {
        Set<Integer> ids = new HashSet<>();
        Map<String, Object> metadata = checkpoint.metadata();
        add(ids, metadata.get("tokenizer.ggml.eos_token_id"));
        add(ids, metadata.get("tokenizer.ggml.eot_token_id"));
        add(ids, checkpoint.config().get("eos_token_id"));
        String generation = checkpoint.textFile("generation_config.json");
        if (generation != null) {
            ids.addAll(SideConfig.parse(generation).ints("eos_token_id"));
        }
        if (tokenizer != null) {
            for (String end : END_TOKENS) {
                int[] encoded = tokenizer.encodeWithSpecials(end);
                if (encoded.length == 1 && tokenizer.isSpecial(encoded[0])) {
                    ids.add(encoded[0]);
                }
            }
        }
        return ids;
    }

    private static void add(Set<Integer> ids, @Nullable Object value) {
        if (value instanceof Number n) {
            ids.add(n.intValue());
        } else if (value instanceof List<?> many) {
            many.forEach(one -> add(ids, one));
        }
    }
}
