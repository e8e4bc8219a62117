package tinyllm.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.NullUnmarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Row F16: files that are wrong, or that ask for what is not built, are refused by name. */
@NullUnmarked // JSON as maps
class DamagedTokenizerTest {
    private static final String TINY = Goldens.text("tiny-tokenizer.json");

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"Ġ t\" | \"t zz\" | zz",
                "\"Ġ t\" | \"th\" | one space",
                "\"Ġ t\" | \" t h\" | one space",
                "\"Ġ t\" | \"t h e\" | one space",
                "\"Ġ t\" | [\"t\"] | left",
                "\"Ġ t\" | 5 | left",
                "\"!\": 0, | \"!\": 2147483648, | whole number",
                "\"!\": 0, | \"!\": -1, | whole number",
                "\"!\": 0, | \"!\": 1.5, | whole number",
                "\"!\": 0, | \"!\": \"0\", | whole number",
                "\"!\": 0, | \"!\": 1, | two tokens",
                "\"!\": 0, | \"!\": 3999999, | dense",
                "\"type\": \"NFC\" | \"type\": \"Replace\" | normalizer",
                "\"type\": \"Split\" | \"type\": \"Punctuation\" | pre_tokenizer",
                "\"behavior\": \"Isolated\" | \"behavior\": \"Removed\" | pre_tokenizer",
                "\"type\": \"BPE\" | \"type\": \"Unigram\" | model.type",
                "\"dropout\": null | \"dropout\": 0.1 | dropout",
                "\"byte_fallback\": false | \"byte_fallback\": true | byte_fallback",
                "\"unk_token\": null | \"unk_token\": \"none\" | unk_token",
                "\"truncation\": null | \"truncation\": {\"max_length\": 5} | truncation",
                "\"single_word\": false | \"single_word\": true | single_word",
                "\"normalized\": false | \"normalized\": true | normalized"
            })
    void refused(String old, String with, String named) {
        String damaged = replaceFirst(TINY, old, with);
        assertThatThrownBy(() -> BpeTokenizer.fromTokenizerJson(damaged))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining(named);
    }

    @Test
    void aPatternIsNeverCompiled() {
        Map<String, Object> tokenizer = Goldens.map("tiny-tokenizer.json");
        Map<String, Object> steps = child(tokenizer, "pre_tokenizer");
        Map<String, Object> split = (Map<String, Object>) ((List<?>) steps.get("pretokenizers")).getFirst();
        split.put("pattern", Map.of("Regex", "(a+)+$"));
        assertThatThrownBy(() -> BpeTokenizer.fromTokenizerJson(Goldens.write(tokenizer)))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("(a+)+$");
    }

    @Test
    void duplicates() {
        assertThatThrownBy(() -> BpeTokenizer.fromTokenizerJson(replaceFirst(TINY, "\"!\": 0,", "\"!\": 0, \"!\": 0,")))
                .isInstanceOf(TokenizerException.class);
        Map<String, Object> twice = Goldens.map("tiny-tokenizer.json");
        List<Object> merges = (List<Object>) child(twice, "model").get("merges");
        merges.add(merges.getFirst());
        assertThatThrownBy(() -> BpeTokenizer.fromTokenizerJson(Goldens.write(twice)))
                .hasMessageContaining("twice");
        Map<String, Object> added = Goldens.map("tiny-tokenizer.json");
        ((List<Map<String, Object>>) added.get("added_tokens")).getFirst().put("id", 3);
        assertThatThrownBy(() -> BpeTokenizer.fromTokenizerJson(Goldens.write(added)))
                .hasMessageContaining("two tokens");
    }

    @Test
    void noJson() {
        for (String text :
                new String[] {"", "[]", "{", "{}", "null", "{\"model\": {}}", "{\"model\": {\"vocab\": {}}}"}) {
            assertThatThrownBy(() -> BpeTokenizer.fromTokenizerJson(text)).isInstanceOf(TokenizerException.class);
        }
        assertThatThrownBy(() -> BpeTokenizer.fromTokenizerJson("[".repeat(100_000)))
                .isInstanceOf(TokenizerException.class);
    }

    /** A changed byte gives a tokenizer or a TokenizerException, nothing else. */
    @Test
    void anyByteMayChange() {
        Random random = new Random(16);
        int refused = 0;
        for (int i = 0; i < 400; i++) {
            StringBuilder text = new StringBuilder(TINY);
            for (int n = 1 + random.nextInt(3); n > 0; n--) {
                text.setCharAt(random.nextInt(text.length()), "{}[]\",:0 9a\\-".charAt(random.nextInt(13)));
            }
            try {
                BpeTokenizer.fromTokenizerJson(text.toString()).encode("the weather");
            } catch (TokenizerException e) {
                refused++;
                assertThat(e).hasMessageMatching("(?s).{10,700}");
            }
        }
        assertThat(refused).isBetween(100, 399);
    }

    @Test
    void gguf() {
        assertThat(BpeTokenizer.fromGguf(gguf(Map.of())).encode("ab")).containsExactly(2);
        assertGgufRefused("tokenizer.ggml.model", "llama", "model");
        assertGgufRefused("tokenizer.ggml.pre", "(a+)+$", "pre");
        assertGgufRefused("tokenizer.ggml.tokens", null, "tokens");
        assertGgufRefused("tokenizer.ggml.tokens", "a", "not a list");
        assertGgufRefused("tokenizer.ggml.tokens", List.of("a", "b", 3, "c"), "Entry 2");
        assertGgufRefused("tokenizer.ggml.tokens", List.of("a", "b", "a", "ab"), "twice");
        assertGgufRefused("tokenizer.ggml.token_type", List.of(1), "equally many");
        assertGgufRefused("tokenizer.ggml.token_type", List.of(1, 1, 1, "1"), "whole number");
        assertGgufRefused("tokenizer.ggml.merges", List.of("a c"), "not in the vocabulary");
        assertGgufRefused("tokenizer.ggml.merges", List.of("a b", "a b"), "twice");
        assertGgufRefused("tokenizer.ggml.eos_token_id", 9, "outside");
        assertGgufRefused("tokenizer.ggml.add_bos_token", true, "add_bos_token");
    }

    @Test
    void aBosOnlyIfTheFileSaysSo() {
        BpeTokenizer with = BpeTokenizer.fromGguf(
                gguf(Map.of("tokenizer.ggml.add_bos_token", true, "tokenizer.ggml.bos_token_id", 3)));
        assertThat(with.encode("ab")).containsExactly(3, 2);
        assertThat(with.encodeWithSpecials("<s>")).containsExactly(3, 3);
        assertThat(with.encode(new TemplateText(List.of(new TemplateText.Span("<s>ab", true)))))
                .containsExactly(3, 2);
        assertThat(BpeTokenizer.fromGguf(gguf(Map.of("tokenizer.ggml.bos_token_id", 3)))
                        .encode("ab"))
                .containsExactly(2);
    }

    @Test
    void aPostProcessorsBos() {
        Map<String, Object> tokenizer = Goldens.map("tiny-tokenizer.json");
        tokenizer.put(
                "post_processor",
                Map.of(
                        "type", "TemplateProcessing",
                        "single",
                                List.of(
                                        Map.of("SpecialToken", Map.of("id", "bos")),
                                        Map.of("Sequence", Map.of("id", "A"))),
                        "special_tokens", Map.of("bos", Map.of("ids", List.of(7)))));
        assertThat(BpeTokenizer.fromTokenizerJson(Goldens.write(tokenizer)).encode(""))
                .containsExactly(7);
    }

    private static void assertGgufRefused(String key, @Nullable Object value, String named) {
        Map<String, Object> change = new HashMap<>();
        change.put(key, value);
        assertThatThrownBy(() -> BpeTokenizer.fromGguf(gguf(change)))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining(named);
    }

    private static Map<String, Object> gguf(Map<String, Object> changes) {
        Map<String, Object> metadata = new HashMap<>();
        metadata.put("tokenizer.ggml.model", "gpt2");
        metadata.put("tokenizer.ggml.pre", "qwen2");
        metadata.put("tokenizer.ggml.tokens", List.of("a", "b", "ab", "<s>"));
        metadata.put("tokenizer.ggml.token_type", List.of(1, 1, 1, 3));
        metadata.put("tokenizer.ggml.merges", List.of("a b"));
        metadata.putAll(changes);
        return metadata;
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> child(Map<String, Object> parent, String name) {
        return (Map<String, Object>) parent.get(name);
    }

    private static String replaceFirst(String text, String old, String with) {
        int at = text.indexOf(old);
        assertThat(at).as(old).isNotNegative();
        return text.substring(0, at) + with + text.substring(at + old.length());
    }
}
