package tinyllm.text;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** The parts of tokenizer.json around the model: normalizer, pre-tokenizer, decoder, post-processor. Allow-lists, all of them. */
final class TokenizerJsonParts {
    private static final String QWEN2 =
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    private static final String LLAMA3 = QWEN2.replace("|\\p{N}|", "|\\p{N}{1,3}|");
    private static final String GPT2 =
            "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

    private TokenizerJsonParts() {}

    /** Ids that stand before and behind a text. */
    record Frame(int[] prefix, int[] suffix) {}

    static boolean normalizesToNfc(JsonNode normalizer) {
        List<JsonNode> steps = steps(normalizer, "normalizers");
        for (JsonNode step : steps) {
            if (!type(step).equals("NFC")) {
                throw unbuilt("normalizer", step);
            }
        }
        return !steps.isEmpty();
    }

    static PreTokenizer preTokenizer(JsonNode node) {
        List<JsonNode> steps = steps(node, "pretokenizers");
        if (steps.isEmpty() || !type(steps.getLast()).equals("ByteLevel")) {
            throw unbuilt("pre_tokenizer", node);
        }
        JsonNode last = steps.getLast();
        if (last.path("add_prefix_space").asBoolean(true)) {
            throw unbuilt("pre_tokenizer", last);
        }
        boolean gpt2 = last.path("use_regex").asBoolean(true);
        if (steps.size() == 1 && gpt2) {
            return PreTokenizer.GPT2;
        }
        JsonNode first = steps.getFirst();
        if (steps.size() == 2
                && gpt2
                && type(first).equals("Digits")
                && first.path("individual_digits").asBoolean(false)) {
            return PreTokenizer.SMOLLM;
        }
        if (steps.size() == 2 && !gpt2 && isIsolatedSplit(first)) {
            return byPattern(first);
        }
        throw unbuilt("pre_tokenizer", node);
    }

    private static boolean isIsolatedSplit(JsonNode step) {
        return type(step).equals("Split")
                && step.path("behavior").asString("").equals("Isolated")
                && !step.path("invert").asBoolean(false);
    }

    private static PreTokenizer byPattern(JsonNode split) {
        String pattern = split.path("pattern").path("Regex").asString("");
        return switch (pattern) {
            case QWEN2 -> PreTokenizer.QWEN2;
            case GPT2 -> PreTokenizer.GPT2;
            default -> {
                if (pattern.equals(LLAMA3)) {
                    yield PreTokenizer.LLAMA3;
                }
                throw new TokenizerException(
                        "tokenizer.json: the pre_tokenizer's pattern " + Quote.of(pattern)
                                + " is not one that this library knows (Qwen2's, Llama 3's, GPT-2's); patterns are never compiled from a file.");
            }
        };
    }

    static void checkDecoder(JsonNode decoder) {
        for (JsonNode step : steps(decoder, "decoders")) {
            if (!type(step).equals("ByteLevel")) {
                throw unbuilt("decoder", step);
            }
        }
    }

    /** Which ids the file puts around a single text: {@code TemplateProcessing} names them, {@code ByteLevel} adds none. */
    static Frame frame(JsonNode postProcessor, Vocabulary vocabulary) {
        Frame frame = new Frame(new int[0], new int[0]);
        for (JsonNode step : steps(postProcessor, "processors")) {
            switch (type(step)) {
                case "ByteLevel" -> {}
                case "TemplateProcessing" -> frame = templateFrame(step, vocabulary);
                default -> throw unbuilt("post_processor", step);
            }
        }
        return frame;
    }

    private static Frame templateFrame(JsonNode step, Vocabulary vocabulary) {
        IntList prefix = new IntList();
        IntList suffix = new IntList();
        boolean behind = false;
        for (JsonNode piece : step.path("single")) {
            if (piece.has("Sequence") && !behind) {
                behind = true;
            } else if (piece.has("SpecialToken")) {
                String name = piece.path("SpecialToken").path("id").asString("");
                addIds(step.path("special_tokens").path(name).path("ids"), vocabulary, behind ? suffix : prefix);
            } else {
                throw unbuilt("post_processor", piece);
            }
        }
        return new Frame(prefix.toArray(), suffix.toArray());
    }

    private static void addIds(JsonNode ids, Vocabulary vocabulary, IntList out) {
        for (JsonNode id : ids) {
            int value = id.canConvertToInt() ? id.asInt() : -1;
            if (value < 0 || value >= vocabulary.size()) {
                throw new TokenizerException("tokenizer.json: the post_processor adds the id " + id
                        + ", which is outside the vocabulary of " + vocabulary.size() + " ids.");
            }
            out.add(value);
        }
    }

    /** A single step or the steps of a "Sequence" as a list; nothing as an empty one. */
    private static List<JsonNode> steps(JsonNode node, String listName) {
        List<JsonNode> steps = new ArrayList<>();
        if (TokenizerJson.isAbsent(node)) {
            return steps;
        }
        if (!type(node).equals("Sequence")) {
            steps.add(node);
            return steps;
        }
        node.path(listName).forEach(steps::add);
        return steps;
    }

    private static String type(JsonNode node) {
        return node.path("type").asString("");
    }

    private static TokenizerException unbuilt(String field, JsonNode node) {
        return new TokenizerException("tokenizer.json: " + field + " holds " + Quote.of(node.toString())
                + ", which this library does not build.");
    }
}
