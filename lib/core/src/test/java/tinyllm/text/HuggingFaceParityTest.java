package tinyllm.text;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Against Hugging Face's tokenizers (through DJL) over the corpus: the vocabularies of the course's models as tokenizer.json,
 * and the tiny one. Special tokens are left out of the files, which is what {@code encode_special_tokens=True} comes to for text.
 */
@NullUnmarked // JSON as maps
@Tag("slow")
class HuggingFaceParityTest {
    @TempDir
    Path folder;

    @BeforeAll
    static void cacheInOurFolder() throws IOException {
        Path jna = Files.createDirectories(LocalModels.home().resolve("djl").resolve("jna"));
        System.setProperty("jna.tmpdir", jna.toString());
        System.setProperty("RUST_FLAVOR", "cpu");
        System.setProperty("DJL_CACHE_DIR", LocalModels.home().resolve("djl").toString());
        System.setProperty("ai.djl.offline", "true");
    }

    @Test
    void tiny() throws IOException {
        Map<String, Object> json = Goldens.map("tiny-tokenizer.json");
        assertSameIds(json, true);
    }

    @Test
    void qwen2() throws IOException {
        Map<String, Object> json = Goldens.map("tiny-tokenizer.json");
        fill(json, LocalModels.qwen());
        assertSameIds(json, true);
    }

    @Test
    void smollm2() throws IOException {
        Map<String, Object> json = Goldens.map("tiny-tokenizer.json");
        fill(json, LocalModels.smollm2());
        json.put("normalizer", null);
        json.put(
                "pre_tokenizer",
                Map.of(
                        "type",
                        "Sequence",
                        "pretokenizers",
                        List.of(
                                Map.of("type", "Digits", "individual_digits", true),
                                Map.of(
                                        "type",
                                        "ByteLevel",
                                        "add_prefix_space",
                                        false,
                                        "trim_offsets",
                                        true,
                                        "use_regex",
                                        true))));
        assertSameIds(json, false);
    }

    private static HuggingFaceTokenizer open(Path file) throws IOException {
        return HuggingFaceTokenizer.builder()
                .optTokenizerPath(file)
                .optTruncation(false)
                .optAddSpecialTokens(false)
                .build();
    }

    /** Puts a GGUF file's vocabulary into the form of tokenizer.json. */
    @SuppressWarnings("unchecked")
    private static void fill(Map<String, Object> json, Map<String, Object> gguf) {
        List<String> tokens = (List<String>) gguf.get("tokenizer.ggml.tokens");
        List<Number> kinds = (List<Number>) gguf.get("tokenizer.ggml.token_type");
        Map<String, Object> vocab = new LinkedHashMap<>();
        List<Object> added = new ArrayList<>();
        for (int id = 0; id < tokens.size(); id++) {
            int kind = kinds.get(id).intValue();
            if (kind == 1) {
                vocab.put(tokens.get(id), id);
            } else if (kind == 3 || kind == 4) {
                Map<String, Object> token = new LinkedHashMap<>(Map.of("id", id, "content", tokens.get(id)));
                for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized")) {
                    token.put(flag, false);
                }
                token.put("special", kind == 3);
                added.add(token);
            }
        }
        Map<String, Object> model = (Map<String, Object>) json.get("model");
        model.put("vocab", vocab);
        model.put("merges", gguf.get("tokenizer.ggml.merges"));
        json.put("added_tokens", added);
    }

    private void assertSameIds(Map<String, Object> json, boolean nfc) throws IOException {
        BpeTokenizer ours = BpeTokenizer.fromTokenizerJson(Goldens.write(json));
        List<?> added = (List<?>) json.get("added_tokens");
        json.put(
                "added_tokens",
                added.stream()
                        .filter(token -> !(Boolean) ((Map<?, ?>) token).get("special"))
                        .toList());
        Path file = Files.writeString(folder.resolve("tokenizer.json"), Goldens.write(json));
        try (HuggingFaceTokenizer theirs = open(file)) {
            for (Corpus piece : Corpus.read()) {
                long[] expected = theirs.encode(piece.text(), false, false).getIds();
                int[] ids = ours.encode(piece.text());
                assertThat(Arrays.stream(ids).asLongStream().toArray())
                        .as(piece.text())
                        .isEqualTo(expected);
                if (ours.bytesWithoutToken().length == 0) {
                    assertThat(ours.decode(ids))
                            .isEqualTo(nfc ? Normalizer.normalize(piece.text(), Normalizer.Form.NFC) : piece.text());
                }
            }
        }
    }
}
