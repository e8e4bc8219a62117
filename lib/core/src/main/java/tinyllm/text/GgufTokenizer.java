package tinyllm.text;

import java.lang.reflect.Array;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads a tokenizer from the metadata of a GGUF file (keys {@code tokenizer.ggml.*}), as llama.cpp understands them. */
final class GgufTokenizer {
    private static final String PREFIX = "tokenizer.ggml.";
    private static final int UNKNOWN = 2;
    private static final int CONTROL = 3;
    private static final int USER_DEFINED = 4;
    private static final int UNUSED = 5;

    private final Map<String, ? extends @Nullable Object> metadata;

    GgufTokenizer(Map<String, ? extends @Nullable Object> metadata) {
        this.metadata = metadata;
    }

    BpeModel read() {
        String model = text("model");
        if (!model.equals("gpt2")) {
            throw new TokenizerException("tokenizer.ggml.model is " + Quote.of(model)
                    + "; this library reads byte-level BPE, which GGUF calls \"gpt2\".");
        }
        PreTokenizer preTokenizer = preTokenizer(text("pre"));
        List<?> tokens = list("tokens");
        Vocabulary vocabulary = new Vocabulary(tokens.size());
        List<AddedToken> added = readTokens(tokens, vocabulary);
        List<?> rules = list("merges");
        MergeReader merges = new MergeReader(vocabulary, rules.size());
        for (int i = 0; i < rules.size(); i++) {
            merges.add(string(rules.get(i), "merges", i));
        }
        Integer bos = id("bos_token_id", vocabulary);
        Integer eos = id("eos_token_id", vocabulary);
        return new BpeModel(
                vocabulary,
                merges.table(),
                added,
                preTokenizer,
                false, // GGUF names no normalizer
                false,
                BpeModel.MissingBytes.SEPARATES,
                -1,
                addedId("add_bos_token", bos),
                addedId("add_eos_token", eos),
                bos,
                eos);
    }

    private static PreTokenizer preTokenizer(String name) {
        return switch (name) {
            case "qwen2", "deepseek-r1-qwen" -> PreTokenizer.QWEN2;
            case "smollm" -> PreTokenizer.SMOLLM;
            case "gpt-2" -> PreTokenizer.GPT2;
            case "llama-bpe", "llama3", "llama-v3" ->
                throw new TokenizerException(
                        "tokenizer.ggml.pre is \"" + name
                                + "\": Llama 3's vocabulary takes whole pieces before merges, which is built for tokenizer.json only.");
            default ->
                throw new TokenizerException("tokenizer.ggml.pre is " + Quote.of(name)
                        + "; this library knows the patterns \"qwen2\", \"smollm\" and \"gpt-2\".");
        };
    }

    private List<AddedToken> readTokens(List<?> tokens, Vocabulary vocabulary) {
        List<?> kinds = metadata.get(PREFIX + "token_type") == null ? List.of() : list("token_type");
        if (!kinds.isEmpty() && kinds.size() != tokens.size()) {
            throw new TokenizerException("tokenizer.ggml.token_type has " + kinds.size()
                    + " entries and tokenizer.ggml.tokens " + tokens.size() + "; they must be equally many.");
        }
        List<AddedToken> added = new ArrayList<>();
        for (int id = 0; id < tokens.size(); id++) {
            String text = string(tokens.get(id), "tokens", id);
            int kind = kinds.isEmpty() ? 1 : number(kinds.get(id), "token_type", id);
            boolean special = kind == CONTROL || kind == UNKNOWN;
            if (special || kind == USER_DEFINED) {
                vocabulary.add(id, text, text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
                added.add(new AddedToken(id, text, special, false, false));
                if (special) {
                    vocabulary.markSpecial(id);
                }
            } else if (kind != UNUSED) {
                vocabulary.add(id, text, ByteAlphabet.readOrUtf8(text));
            }
        }
        return added;
    }

    private int[] addedId(String flag, @Nullable Integer id) {
        Object value = metadata.get(PREFIX + flag);
        if (!Boolean.TRUE.equals(value)) {
            return new int[0];
        }
        if (id == null) {
            throw new TokenizerException(
                    "tokenizer.ggml." + flag + " is true, but the file does not name that token's id.");
        }
        return new int[] {id};
    }

    private @Nullable Integer id(String key, Vocabulary vocabulary) {
        Object value = metadata.get(PREFIX + key);
        if (value == null) {
            return null;
        }
        int id = number(value, key, 0);
        if (id < 0 || id >= vocabulary.size()) {
            throw new TokenizerException("tokenizer.ggml." + key + " is " + value + ", outside the vocabulary of "
                    + vocabulary.size() + " ids.");
        }
        return id;
    }

    private String text(String key) {
        return string(required(key), key, 0);
    }

    private Object required(String key) {
        Object value = metadata.get(PREFIX + key);
        if (value == null) {
            throw new TokenizerException(
                    "The GGUF metadata has no tokenizer.ggml." + key + ", so its tokenizer can't be built.");
        }
        return value;
    }

    /** A list or an array of any type as a list. */
    private List<?> list(String key) {
        Object value = required(key);
        if (value instanceof List<?> list) {
            return list;
        }
        if (!value.getClass().isArray()) {
            throw new TokenizerException(
                    "tokenizer.ggml." + key + " is a " + value.getClass().getSimpleName() + ", not a list.");
        }
        return new AbstractList<@Nullable Object>() {
            @Override
            public @Nullable Object get(int i) {
                return Array.get(value, i);
            }

            @Override
            public int size() {
                return Array.getLength(value);
            }
        };
    }

    private static String string(@Nullable Object value, String key, int index) {
        if (value instanceof String s) {
            return s;
        }
        throw new TokenizerException("Entry " + index + " of tokenizer.ggml." + key + " is not a string.");
    }

    private static int number(@Nullable Object value, String key, int index) {
        if (value instanceof Number n && n.longValue() == n.intValue()) {
            return n.intValue();
        }
        throw new TokenizerException(
                "Entry " + index + " of tokenizer.ggml." + key + " is not a whole number in range.");
    }
}
