package tinyllm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * One concept, one name, in text, Java, C++ and Metal: the glossary's column "elsewhere" lists the names that this course does not
 * use, and nothing here uses them.
 */
class NamesTest {

    private static final Path ROOT = Path.of("..", "..").normalize();
    private static final Path GLOSSARY = ROOT.resolve("notebooks/glossary.md");
    private static final List<String> ENDINGS = List.of(".java", ".md", ".h", ".cpp", ".cc", ".metal", ".py");

    /** Where another name is right, as "file: name", each with its reason. */
    private static final Map<String, String> EXCEPTIONS = Map.of(
            "02-tokens.java: subword", "the title of a paper",
            "12-rope.java: rotary positional encoding", "the title of a paper",
            "12-rope.java: positional encoding", "the title of a paper",
            "42-prefix-cache.java: prompt cache", "the title of a paper",
            "TokenizerJson.java: subword", "a field of tokenizer.json: continuing_subword_prefix",
            "MetalWords.java: warp", "CUDA's word, in a table of both languages",
            "ChatRequest.java: prompt cache", "fields of OpenAI's protocol",
            "GgufNames.java: ffn", "GGUF's names of tensors",
            "GgufConfig.java: feed-forward", "GGUF's key: feed_forward_length");

    private record Banned(String name, String instead, Pattern pattern) {}

    @Test
    void everyConceptHasOneName() throws IOException {
        List<Banned> banned = banned();
        assertThat(banned).hasSizeGreaterThan(50);
        List<String> found = new ArrayList<>();
        TreeSet<String> used = new TreeSet<>();
        for (Path file : files()) {
            String text = Files.readString(file);
            for (String hit : hits(text, banned)) {
                String exception =
                        file.getFileName() + ": " + hit.substring(hit.indexOf('"') + 1, hit.indexOf("\" is"));
                if (EXCEPTIONS.containsKey(exception)) {
                    used.add(exception);
                } else {
                    found.add(ROOT.relativize(file.normalize()) + ", " + hit);
                }
            }
        }
        assertThat(found).isEmpty();
        assertThat(EXCEPTIONS.keySet())
                .as("exceptions that nothing needs any more")
                .isSubsetOf(used);
    }

    @Test
    void findsANameInEveryLanguage() throws IOException {
        List<Banned> banned = banned();
        assertThat(hits("// the key-value cache grows", banned)).hasSize(1);
        assertThat(hits("int feedForwardSize = 4;", banned)).hasSize(1);
        assertThat(hits("auto thread_block = 1;\nkernel void warpSum()", banned))
                .hasSize(2);
        assertThat(hits("The Feed-\nForward part", banned))
                .as("across a line's end")
                .hasSize(1);
        assertThat(hits("a warped KV cache in threadgroup memory", banned)).isEmpty();
        assertThat(hits("PAST_KEY_VALUES", banned)).hasSize(1);
    }

    @Test
    void everyChapterLinksTheGlossaryAndTheNotation() throws IOException {
        for (Path chapter : list(ROOT.resolve("notebooks/src"))) {
            assertThat(chapter).content().contains("(../glossary.md)").contains("(../notation.md)");
        }
        assertThat(GLOSSARY).content().contains("(notation.md)");
    }

    /** Each hit as: line 3: "warp" is called "SIMD group" here. */
    private static List<String> hits(String text, List<Banned> banned) {
        String plain = words(text);
        Set<String> there = parts(plain);
        List<String> hits = new ArrayList<>();
        for (Banned name : banned) {
            String first = words(name.name()).split(" ")[0];
            if (first.matches("[a-z0-9]+")
                    ? !there.contains(first) && !there.contains(first + "s")
                    : !plain.contains(first)) {
                continue; // most names are in no file: this is many times faster than the pattern
            }
            var matcher = name.pattern().matcher(plain);
            while (matcher.find()) {
                long line = plain.substring(0, matcher.start())
                                .chars()
                                .filter(c -> c == '\n')
                                .count()
                        + 1;
                hits.add("line " + line + ": \"" + name.name() + "\" is called \"" + name.instead() + "\" here");
            }
        }
        return hits;
    }

    /** All that stands between blanks, signs and letters other than ASCII's. */
    private static Set<String> parts(String plain) {
        Set<String> parts = new HashSet<>();
        int begun = 0;
        for (int i = 0; i <= plain.length(); i++) {
            char c = i < plain.length() ? plain.charAt(i) : ' ';
            if (!(c >= 'a' && c <= 'z' || c >= '0' && c <= '9')) {
                parts.add(plain.substring(begun, i));
                begun = i + 1;
            }
        }
        return parts;
    }

    /** Identifiers as words: camel humps and underscores become blanks, as do hyphens. Line ends stay. */
    private static String words(String text) {
        StringBuilder words = new StringBuilder(text.length() + text.length() / 8);
        char last = ' ';
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= 'A' && c <= 'Z' && (last >= 'a' && last <= 'z' || last >= '0' && last <= '9')) {
                words.append(' ');
            }
            words.append(c == '_' || c == '-' ? ' ' : c);
            last = c;
        }
        return words.toString().toLowerCase(Locale.ROOT);
    }

    private static List<Banned> banned() throws IOException {
        List<Banned> banned = new ArrayList<>();
        for (String line : Files.readAllLines(GLOSSARY)) {
            String[] cells = line.split("\\|");
            if (!line.startsWith("| ") || cells.length < 4 || cells[1].strip().equals("name")) {
                continue;
            }
            for (String other : cells[2].split(";")) {
                if (!other.isBlank()) {
                    banned.add(new Banned(other.strip(), cells[1].strip(), pattern(other.strip())));
                }
            }
        }
        return banned;
    }

    /** Whole words, in the plural too; between them blanks, or a line's end with a comment's marker. */
    private static Pattern pattern(String name) {
        String between = "(?: +| *\\R\\s*(?://|\\*|#)? *)";
        return Pattern.compile("\\b" + String.join(between, words(name).split(" +")) + "s?\\b");
    }

    private static List<Path> files() throws IOException {
        List<Path> files = new ArrayList<>(List.of(ROOT.resolve("README.md"), ROOT.resolve("notebooks/notation.md")));
        for (String folder : List.of("notebooks/src", "lib", "native/src/main", "metal", "docs", "tools", "examples")) {
            files.addAll(list(ROOT.resolve(folder)));
        }
        return files;
    }

    private static List<Path> list(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> ENDINGS.stream().anyMatch(file.toString()::endsWith))
                    .filter(file -> !file.toString().contains("/target/"))
                    .filter(file -> !file.toString().contains("/src/test/"))
                    .toList();
        }
    }
}
