package tinyllm.text;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads Hugging Face's tokenizer.json, as far as byte-level BPE goes. What it asks for beyond that is an error by name. */
final class TokenizerJson {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private final JsonNode root;

    TokenizerJson(String json) {
        try {
            root = MAPPER.readTree(json);
        } catch (JacksonException e) {
            throw new TokenizerException("tokenizer.json is not valid JSON: " + e.getOriginalMessage(), e);
        }
        if (!root.isObject()) {
            throw new TokenizerException("tokenizer.json is not a JSON object.");
        }
    }

    BpeModel read() {
        JsonNode model = object(root, "model");
        refuseWhatIsNotBuilt(model);
        if (!isAbsent(root.path("truncation"))) {
            throw new TokenizerException(
                    "tokenizer.json sets truncation, which this library does not build: set it to null.");
        }
        boolean nfc = TokenizerJsonParts.normalizesToNfc(root.path("normalizer"));
        PreTokenizer preTokenizer = TokenizerJsonParts.preTokenizer(root.path("pre_tokenizer"));
        TokenizerJsonParts.checkDecoder(root.path("decoder"));
        Vocabulary vocabulary = readVocabulary(model);
        MergeTable merges =
                readMerges(model.path("merges"), vocabulary); // before added tokens change what a text means
        List<AddedToken> added = readAdded(vocabulary, nfc);
        Integer unknown = unknown(model, vocabulary);
        TokenizerJsonParts.Frame frame = TokenizerJsonParts.frame(root.path("post_processor"), vocabulary);
        return new BpeModel(
                vocabulary,
                merges,
                added,
                preTokenizer,
                nfc,
                model.path("ignore_merges").asBoolean(false),
                missing(model, unknown),
                unknown == null ? -1 : unknown,
                frame.prefix(),
                frame.suffix(),
                null,
                null);
    }

    static boolean isAbsent(JsonNode node) {
        return node.isMissingNode() || node.isNull();
    }

    private static void refuseWhatIsNotBuilt(JsonNode model) {
        String type = model.path("type").asString("BPE"); // old files name no type
        if (!type.equals("BPE")) {
            throw new TokenizerException(
                    "tokenizer.json: model.type is " + Quote.of(type) + "; this library reads \"BPE\".");
        }
        for (String field : List.of("dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback")) {
            JsonNode value = model.path(field);
            boolean off = isAbsent(value)
                    || value.isBoolean() && !value.asBoolean()
                    || value.isString() && value.asString().isEmpty()
                    || value.isNumber() && value.asDouble() == 0;
            if (!off) {
                throw new TokenizerException("tokenizer.json: model." + field + " is " + Quote.of(value.toString())
                        + ", which this library does not build.");
            }
        }
    }

    private static Vocabulary readVocabulary(JsonNode model) {
        JsonNode vocab = object(model, "vocab");
        Vocabulary vocabulary = new Vocabulary(vocab.size());
        for (Map.Entry<String, JsonNode> token : vocab.properties()) {
            String text = token.getKey();
            vocabulary.add(id(token.getValue(), text), text, ByteAlphabet.readOrUtf8(text));
        }
        return vocabulary;
    }

    private static MergeTable readMerges(JsonNode rules, Vocabulary vocabulary) {
        if (!rules.isArray()) {
            throw new TokenizerException("tokenizer.json: model.merges is not a list.");
        }
        MergeReader merges = new MergeReader(vocabulary, rules.size());
        for (JsonNode rule : rules) {
            if (rule.isString()) {
                merges.add(rule.asString());
            } else if (rule.isArray()
                    && rule.size() == 2
                    && rule.get(0).isString()
                    && rule.get(1).isString()) {
                merges.add(rule.get(0).asString(), rule.get(1).asString());
            } else {
                throw new TokenizerException("tokenizer.json: model.merges holds " + Quote.of(rule.toString())
                        + ", neither \"left right\" nor [\"left\", \"right\"].");
            }
        }
        return merges.table();
    }

    private List<AddedToken> readAdded(Vocabulary vocabulary, boolean nfc) {
        List<AddedToken> added = new ArrayList<>();
        for (JsonNode entry : root.path("added_tokens")) {
            if (!entry.path("content").isString()) {
                throw new TokenizerException("tokenizer.json: an entry of added_tokens has no content.");
            }
            String text = entry.path("content").asString();
            int id = id(entry.path("id"), text);
            refuseFlag(entry, "single_word", text);
            if (nfc) {
                refuseFlag(entry, "normalized", text);
            }
            byte[] raw = text.getBytes(StandardCharsets.UTF_8);
            Integer known = vocabulary.idOf(text);
            if (known != null && known == id) {
                vocabulary.replaceBytes(id, raw);
            } else {
                vocabulary.add(id, text, raw); // refuses another id for the same text, or the other way round
            }
            boolean special = entry.path("special").asBoolean(false);
            if (special) {
                vocabulary.markSpecial(id);
            }
            added.add(new AddedToken(
                    id,
                    text,
                    special,
                    entry.path("lstrip").asBoolean(false),
                    entry.path("rstrip").asBoolean(false)));
        }
        return added;
    }

    private static void refuseFlag(JsonNode entry, String flag, String text) {
        if (entry.path(flag).asBoolean(false)) {
            throw new TokenizerException("tokenizer.json: the added token " + Quote.of(text) + " sets " + flag
                    + ", which this library does not build here.");
        }
    }

    private static @Nullable Integer unknown(JsonNode model, Vocabulary vocabulary) {
        JsonNode token = model.path("unk_token");
        if (isAbsent(token)) {
            return null;
        }
        Integer id = vocabulary.idOf(token.asString(""));
        if (id == null) {
            throw new TokenizerException("tokenizer.json: model.unk_token is " + Quote.of(token.toString())
                    + ", which is not in the vocabulary.");
        }
        return id;
    }

    private static BpeModel.MissingBytes missing(JsonNode model, @Nullable Integer unknown) {
        if (unknown == null) {
            return BpeModel.MissingBytes.VANISHES;
        }
        return model.path("fuse_unk").asBoolean(false)
                ? BpeModel.MissingBytes.UNKNOWN_FUSED
                : BpeModel.MissingBytes.UNKNOWN;
    }

    private static int id(JsonNode value, String text) {
        if (!value.isIntegralNumber() || !value.canConvertToInt() || value.asInt() < 0) {
            throw new TokenizerException(
                    "tokenizer.json: the id of " + Quote.of(text) + " is " + Quote.of(value.toString())
                            + "; it must be a whole number from 0 to " + (Vocabulary.MAX_TOKENS - 1) + ".");
        }
        return value.asInt();
    }

    private static JsonNode object(JsonNode parent, String field) {
        JsonNode node = parent.path(field);
        if (!node.isObject()) {
            throw new TokenizerException(
                    "tokenizer.json has no object \"" + field + "\", so its tokenizer can't be built.");
        }
        return node;
    }
}
