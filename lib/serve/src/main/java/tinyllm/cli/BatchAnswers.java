package tinyllm.cli;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What an output of {@code batch} holds already: answers, which stay, and lines that failed, which are asked again. A last line that was
 * cut in its middle counts as one that was never written.
 */
final class BatchAnswers {
    private static final JsonMapper JSON = new JsonMapper();

    private final Path output;
    private final List<String> kept = new ArrayList<>();
    private final BitSet answered = new BitSet();
    private final BitSet failed = new BitSet();
    private @Nullable Long baseSeed;
    private boolean mended = true;

    private BatchAnswers(Path output) {
        this.output = output;
    }

    /**
     * Reads, and changes nothing.
     *
     * @param lines the numbers that the input has
     * @throws CommandException when the file is of another kind, or of another input
     */
    static BatchAnswers read(Path output, BitSet lines) throws IOException {
        BatchAnswers answers = new BatchAnswers(output);
        if (Files.exists(output)) {
            byte[] bytes = Files.readAllBytes(output);
            int end = bytes.length;
            while (end > 0 && bytes[end - 1] != '\n') {
                end--;
            }
            answers.mended = end == bytes.length;
            answers.text(bytes, end).lines().forEach(line -> answers.add(line, lines));
            answers.failed.andNot(answers.answered);
        }
        return answers;
    }

    private String text(byte[] bytes, int end) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes, 0, end))
                    .toString();
        } catch (CharacterCodingException e) {
            throw foreign();
        }
    }

    private void add(String json, BitSet lines) {
        JsonNode line = parse(json);
        int number = line.get("line").asInt();
        if (number < 0 || !lines.get(number)) {
            throw CommandException.wrongUsage(output + " answers line " + number
                    + ", which the input does not have: give each input an output of its own");
        }
        JsonNode base = line.get("base_seed");
        if (baseSeed == null && base != null && base.canConvertToLong()) {
            baseSeed = base.asLong();
        }
        if (line.has("error")) {
            failed.set(number);
            mended = false;
        } else {
            answered.set(number);
            kept.add(json);
        }
    }

    private JsonNode parse(String json) {
        try {
            JsonNode line = JSON.readTree(json);
            if (line.get("line") instanceof JsonNode number && number.isInt()) {
                return line;
            }
        } catch (JacksonException e) {
            // said below
        }
        throw foreign();
    }

    private CommandException foreign() {
        return CommandException.wrongUsage(
                output + " is no output of ./lab batch: give --output a new file, or move this one away");
    }

    boolean has(int line) {
        return answered.get(line);
    }

    int count() {
        return answered.cardinality();
    }

    /** Lines that failed and have no answer. */
    int failures() {
        return failed.cardinality();
    }

    /** What the seeds of these answers came from; null when none of them says it. */
    @Nullable
    Long baseSeed() {
        return baseSeed;
    }

    /** Appends answers, after the failed lines are gone from the file. */
    BufferedWriter writer() throws IOException {
        if (!mended) {
            mend(output.toRealPath());
        }
        return Files.newBufferedWriter(output, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    /** Replaces the file at once, so that no moment has fewer answers than before. */
    private void mend(Path file) throws IOException {
        Path whole = file.resolveSibling(file.getFileName() + ".part");
        Files.write(whole, kept);
        Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        mended = true;
    }
}
