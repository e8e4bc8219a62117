package tinyllm.lab;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import tech.tablesaw.api.Table;
import tinyllm.lab.view.Picture;
import tinyllm.text.Tokenizer;

/** One sentence in thirteen languages, the first of the Declaration of Human Rights, and what it costs in tokens (chapter 0.2). */
public final class Languages {

    /** One language. {@code timesEnglish}: its tokens over the English sentence's. */
    public record Cost(
            String language, int characters, int bytes, int tokens, double tokensPerByte, double timesEnglish) {}

    private final List<Cost> costs;

    private Languages(List<Cost> costs) {
        this.costs = List.copyOf(costs);
    }

    /** Cuts each sentence. */
    public static Languages of(Tokenizer tokenizer) {
        List<Cost> costs = new ArrayList<>();
        for (String line : lines()) {
            String[] parts = line.split("\t", 2);
            String text = parts[1];
            int bytes = text.getBytes(StandardCharsets.UTF_8).length;
            int tokens = tokenizer.encode(text).length;
            double english = costs.isEmpty() ? tokens : costs.getFirst().tokens();
            costs.add(new Cost(
                    parts[0],
                    text.codePointCount(0, text.length()),
                    bytes,
                    tokens,
                    (double) tokens / bytes,
                    tokens / english));
        }
        return new Languages(costs);
    }

    /** The sentence in this language. */
    public static String sentence(String language) {
        return lines().stream()
                .filter(line -> line.startsWith(language + "\t"))
                .map(line -> line.substring(language.length() + 1))
                .findFirst()
                .orElseThrow(() ->
                        new IllegalArgumentException("there is no sentence in " + language + "; there is one in "
                                + String.join(
                                        ", ",
                                        lines().stream()
                                                .map(line -> line.split("\t", 2)[0])
                                                .toList())));
    }

    private static List<String> lines() {
        try (InputStream in = Objects.requireNonNull(Languages.class.getResourceAsStream("languages.tsv"))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
        } catch (IOException e) {
            throw new UncheckedIOException("the sentences can't be read: " + e, e);
        }
    }

    public List<Cost> costs() {
        return costs;
    }

    public Table table() {
        return Tables.of(costs);
    }

    /** Tokens for each byte of text, language by language. */
    public Picture chart() {
        Cost worst = costs.stream()
                .max(Comparator.comparingDouble(Cost::timesEnglish))
                .orElseThrow();
        String title = String.format(
                Locale.ROOT,
                "The same sentence: %d tokens in English, %d in %s",
                costs.getFirst().tokens(),
                worst.tokens(),
                worst.language());
        return Charts.bars(
                title,
                "language",
                "tokens per byte of UTF-8",
                costs.stream().map(Cost::language).toList(),
                costs.stream().mapToDouble(Cost::tokensPerByte).toArray());
    }
}
