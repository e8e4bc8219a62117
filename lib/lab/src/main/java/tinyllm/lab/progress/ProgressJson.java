package tinyllm.lab.progress;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import tinyllm.lab.progress.Progress.Best;
import tinyllm.lab.progress.Progress.Entry;
import tinyllm.lab.progress.Progress.Prediction;
import tinyllm.lab.progress.Progress.State;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The file's JSON: format, version, SHA-256 of the content, content. It is written one way only, so a file that reads well but
 * was not written so is corrupt too.
 */
final class ProgressJson {

    /** 2 has the bests of challenges; a file without any is written as version 1, which older labs read too. */
    static final int VERSION = 2;

    private static final String FORMAT = "tinyllm-progress";
    private static final int MAX_BYTES = 4 << 20;
    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    private ProgressJson() {}

    static byte[] write(Progress progress) {
        ObjectNode content = MAPPER.createObjectNode();
        ObjectNode exercises = content.putObject("exercises");
        progress.exercises()
                .forEach((id, e) -> exercises
                        .putObject(id)
                        .put("state", e.state().name())
                        .put("attempts", e.attempts())
                        .put("hints", e.hints())
                        .put("solutionShown", e.solutionShown())
                        .put("firstTriedAt", e.firstTriedAt())
                        .put("solvedAt", e.solvedAt()));
        ObjectNode predictions = content.putObject("predictions");
        progress.predictions()
                .forEach((name, p) ->
                        predictions.putObject(name).put("guess", p.guess()).put("unit", p.unit()));
        int version = progress.bests().isEmpty() ? 1 : VERSION;
        if (version > 1) {
            ObjectNode bests = content.putObject("bests");
            progress.bests()
                    .forEach((key, b) ->
                            bests.putObject(key).put("value", b.value()).put("at", b.at()));
        }
        ObjectNode root = MAPPER.createObjectNode();
        root.put("format", FORMAT).put("version", version).put("sha256", sha256(version, content));
        root.set("content", content);
        return (MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n")
                .getBytes(StandardCharsets.UTF_8);
    }

    /** A file's bytes, one more than the limit at most: {@link #read} refuses those. */
    static byte[] bytes(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return in.readNBytes(MAX_BYTES + 1);
        }
    }

    /** @throws ProgressFormatException when the bytes are not exactly what {@link #write} makes */
    static Progress read(byte[] bytes) {
        if (bytes.length > MAX_BYTES) {
            throw corrupt("it has more than " + MAX_BYTES + " bytes");
        }
        JsonNode root;
        try {
            root = MAPPER.readTree(bytes);
        } catch (JacksonException e) {
            throw corrupt("it is no JSON: " + e.getOriginalMessage());
        }
        if (!FORMAT.equals(root.path("format").asString(""))) {
            throw corrupt("it is no progress file");
        }
        int version = root.path("version").asInt(-1);
        boolean fits =
                sha256(version, root.path("content")).equals(root.path("sha256").asString(""));
        if (version > VERSION && fits) {
            throw new ProgressFormatException(
                    "it is of version " + version + " and this lab knows version " + VERSION
                            + ": update the lab, or move the file away to start anew",
                    true);
        }
        Progress progress = content(root.path("content"));
        if (!Arrays.equals(bytes, write(progress))) {
            throw corrupt("its checksum does not fit its content");
        }
        return progress;
    }

    /** The same content as a file of another version, rightly signed; for tests of how newer files are refused. */
    static String renumbered(byte[] bytes, int version) {
        ObjectNode root = (ObjectNode) MAPPER.readTree(bytes);
        root.put("version", version).put("sha256", sha256(version, root.path("content")));
        return root.toPrettyString();
    }

    private static Progress content(JsonNode content) {
        Map<String, Entry> exercises = new TreeMap<>();
        Map<String, Prediction> predictions = new TreeMap<>();
        Map<String, Best> bests = new TreeMap<>();
        try {
            content.path("exercises").forEachEntry((id, e) -> exercises.put(id, entry(e)));
            content.path("predictions")
                    .forEachEntry((name, p) -> predictions.put(
                            name,
                            new Prediction(
                                    p.path("guess").asDouble(), p.path("unit").asString())));
            content.path("bests")
                    .forEachEntry((key, b) -> bests.put(
                            key,
                            new Best(b.path("value").asDouble(), b.path("at").asLong())));
        } catch (RuntimeException e) {
            throw corrupt("its content is not readable: " + e.getMessage());
        }
        return new Progress(exercises, predictions, bests);
    }

    private static Entry entry(JsonNode e) {
        return new Entry(
                State.valueOf(e.path("state").asString()),
                e.path("attempts").asInt(),
                e.path("hints").asInt(),
                e.path("solutionShown").asBoolean(),
                e.path("firstTriedAt").asLong(),
                e.path("solvedAt").asLong());
    }

    private static ProgressFormatException corrupt(String why) {
        return new ProgressFormatException(why, false);
    }

    /** Over format, version and content, so that a damaged version number is not taken for a newer one. */
    private static String sha256(int version, JsonNode content) {
        String text = FORMAT + " " + version + " " + content;
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
