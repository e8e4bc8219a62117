package tinyllm.cli;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Prompts, and which of them the output answers already. */
final class BatchFile {
    private static final JsonMapper JSON = new JsonMapper();

    /**
     * @param line from 1
     * @param asked null when the line is wrong
     * @param error what is wrong with it; null when nothing is
     */
    record Prompt(
            int line,
            @Nullable JsonNode id,
            @Nullable BatchLine asked,
            @Nullable String error) {}

    private final List<Prompt> prompts;
    private final BatchAnswers answers;
    private final BatchSeeds seeds;

    private BatchFile(List<Prompt> prompts, BatchAnswers answers, BatchSeeds seeds) {
        this.prompts = prompts;
        this.answers = answers;
        this.seeds = seeds;
    }

    /**
     * Reads both files; a wrong line of the input becomes its own failure, and stops nobody else.
     *
     * @param seed that was asked for; null for the output's, or for a new one
     */
    static BatchFile open(Path input, Path output, BatchCommand.BatchDefaults defaults, @Nullable Long seed)
            throws IOException {
        List<String> lines = lines(input);
        BitSet numbers = new BitSet();
        for (int i = 0; i < lines.size(); i++) {
            numbers.set(i + 1, !lines.get(i).isBlank());
        }
        BatchAnswers answers = BatchAnswers.read(output, numbers);
        BatchSeeds seeds = BatchSeeds.of(seed, answers.baseSeed());
        List<Prompt> prompts = new ArrayList<>();
        numbers.stream().forEach(n -> prompts.add(prompt(n, lines.get(n - 1), defaults, seeds.line(n))));
        return new BatchFile(prompts, answers, seeds);
    }

    private static List<String> lines(Path input) throws IOException {
        try {
            return Files.readAllLines(input);
        } catch (NoSuchFileException e) {
            throw CommandException.wrongUsage("there is no file " + input + ": --input names a file of prompts");
        } catch (CharacterCodingException e) {
            throw CommandException.wrongUsage(input + " is not UTF-8 text");
        }
    }

    private static Prompt prompt(int line, String json, BatchCommand.BatchDefaults defaults, long seed) {
        JsonNode id = null;
        try {
            JsonNode node = JSON.readTree(json);
            if (!node.isObject()) {
                throw new IllegalArgumentException("the line is no JSON object");
            }
            id = node.get("id");
            return new Prompt(line, id, BatchLine.of(node, defaults, seed), null);
        } catch (JacksonException e) {
            return new Prompt(line, null, null, "the line is no JSON: " + e.getOriginalMessage());
        } catch (IllegalArgumentException e) {
            return new Prompt(line, id, null, e.getMessage());
        }
    }

    int size() {
        return prompts.size();
    }

    int done() {
        return answers.count();
    }

    /** Lines that an earlier run failed with, and that are asked again. */
    int failedBefore() {
        return answers.failures();
    }

    /** What the lines' seeds come from. */
    long baseSeed() {
        return seeds.base();
    }

    /** Those without an answer, in order. */
    List<Prompt> open() {
        return prompts.stream().filter(p -> !answers.has(p.line())).toList();
    }

    /** Appends answers. */
    BufferedWriter writer() throws IOException {
        return answers.writer();
    }

    /** One line of JSON that UTF-8 can hold: half a surrogate pair, which it can't, is written as its code. */
    static String write(Map<String, ?> value) {
        String json = JSON.writeValueAsString(value);
        StringBuilder whole = new StringBuilder(json.length());
        json.codePoints().forEach(c -> {
            if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
                whole.append("\\u%04x".formatted(c));
            } else {
                whole.appendCodePoint(c);
            }
        });
        return whole.toString();
    }
}
