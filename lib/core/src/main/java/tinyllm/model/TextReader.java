package tinyllm.model;

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

    private final Checkpoint checkpoint;

    private TextReader(Checkpoint checkpoint) {
        this.checkpoint = checkpoint;
    }

    static TextFiles read(String model, Checkpoint checkpoint) {
        TextReader reader = new TextReader(checkpoint);
        Tokenizer tokenizer = reader.tokenizer();
        return new TextFiles(model, tokenizer, reader.template(), reader.ends(tokenizer));
    }

    private @Nullable Tokenizer tokenizer() {
        if (checkpoint.metadata().containsKey("tokenizer.ggml.tokens")) {
            return BpeTokenizer.fromGguf(checkpoint.metadata());
        }
        String json = checkpoint.textFile("tokenizer.json");
        return json == null ? null : BpeTokenizer.fromTokenizerJson(json);
    }

    private @Nullable ChatTemplate template() {
        return null;
    }

    private Set<Integer> ends(@Nullable Tokenizer tokenizer) {
        Set<Integer> ids = new HashSet<>();
        Map<String, Object> metadata = checkpoint.metadata();
        add(ids, metadata.get("tokenizer.ggml.eos_token_id"));
        add(ids, metadata.get("tokenizer.ggml.eot_token_id"));
        add(ids, checkpoint.config().get("eos_token_id"));
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
