package tinyllm.cli;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tinyllm.engine.EngineRequest;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Prompts, and which of them the output answers already. An output that was cut in mid-line loses that line, and it is answered again. */
final class BatchFile {
    private static final JsonMapper JSON = new JsonMapper();

    /**
     * @param line from 1
     * @param request null when the line is wrong
     * @param error what is wrong with it; null when nothing is
     */
    record Prompt(
            int line,
            @Nullable JsonNode id,
            @Nullable EngineRequest request,
            @Nullable String error) {}

    private final List<Prompt> prompts;
    private final BitSet answered;
    private final Path output;

    private BatchFile(List<Prompt> prompts, BitSet answered, Path output) {
        this.prompts = prompts;
        this.answered = answered;
        this.output = output;
    }

    /** Reads both files; a wrong line of the input becomes its own failure, and stops nobody else. */
    static BatchFile open(Path input, Path output, BatchCommand.BatchDefaults defaults) throws IOException {
        List<String> lines;
        try {
            lines = Files.readAllLines(input);
        } catch (NoSuchFileException e) {
            throw CommandException.wrongUsage("there is no file " + input + ": --input names a file of prompts");
        } catch (CharacterCodingException e) {
            throw CommandException.wrongUsage(input + " is not UTF-8 text");
        }
        List<Prompt> prompts = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            if (!lines.get(i).isBlank()) {
                prompts.add(prompt(i + 1, lines.get(i), defaults));
            }
        }
        return new BatchFile(prompts, answered(output, prompts), output);
    }

    private static Prompt prompt(int line, String json, BatchCommand.BatchDefaults defaults) {
        JsonNode id = null;
        try {
            JsonNode node = JSON.readTree(json);
            if (!node.isObject()) {
                throw new IllegalArgumentException("the line is no JSON object");
            }
            id = node.get("id");
            return new Prompt(line, id, BatchLine.request(node, defaults), null);
        } catch (JacksonException e) {
            return new Prompt(line, null, null, "the line is no JSON: " + e.getOriginalMessage());
        } catch (IllegalArgumentException e) {
            return new Prompt(line, id, null, e.getMessage());
        }
    }

    private static BitSet answered(Path output, List<Prompt> prompts) throws IOException {
        BitSet answered = new BitSet();
        if (!Files.exists(output)) {
            return answered;
        }
        byte[] bytes = Files.readAllBytes(output);
        int end = bytes.length;
        while (end > 0 && bytes[end - 1] != '\n') {
            end--;
        }
        if (end < bytes.length) {
            try (FileChannel channel = FileChannel.open(output, StandardOpenOption.WRITE)) {
                channel.truncate(end);
            }
        }
        for (String line :
                new String(bytes, 0, end, StandardCharsets.UTF_8).lines().toList()) {
            int number = line(output, line);
            if (prompts.stream().noneMatch(p -> p.line() == number)) {
                throw CommandException.wrongUsage(output + " answers line " + number
                        + ", which the input does not have: give each input an output of its own");
            }
            answered.set(number);
        }
        return answered;
    }

    private static int line(Path output, String json) {
        try {
            JsonNode line = JSON.readTree(json).get("line");
            if (line != null && line.isInt()) {
                return line.asInt();
            }
        } catch (JacksonException e) {
            // said below
        }
        throw CommandException.wrongUsage(
                output + " is no output of ./lab batch: give --output a new file, or move this one away");
    }

    int size() {
        return prompts.size();
    }

    int done() {
        return answered.cardinality();
    }

    /** Those without an answer, in order. */
    List<Prompt> open() {
        return prompts.stream().filter(p -> !answered.get(p.line())).toList();
    }

    /** Appends answers. */
    BufferedWriter writer() throws IOException {
        return Files.newBufferedWriter(output, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    static String write(Map<String, ?> value) {
        return JSON.writeValueAsString(value);
    }
}
