package tinyllm.weights;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tinyllm.weights.format.FormatException;
import tinyllm.weights.format.StrictJson;

/**
 * A folder of a checkpoint. Only files that lie in it are read: names are plain, and links may not lead out (but for those of the
 * Hugging Face cache, whose snapshots link to the {@code blobs} beside them).
 */
record ModelFolder(Path real) {
    private static final long TEXT_LIMIT = 100L << 20;
    private static final long CONFIG_LIMIT = 16L << 20;

    static ModelFolder of(Path folder) {
        try {
            return new ModelFolder(folder.toRealPath());
        } catch (IOException e) {
            throw new FormatException(folder + " can't be opened: " + e.getMessage(), e);
        }
    }

    /** The file of a plain name, or null when there is none. */
    @Nullable
    Path file(String name) {
        if (name.isEmpty()
                || name.contains("/")
                || name.contains("\\")
                || name.contains("\0")
                || name.startsWith(".")) {
            throw new FormatException(
                    "\"" + name + "\" is not a plain file name: only files inside " + real + " are read");
        }
        Path file = real.resolve(name);
        if (!Files.isRegularFile(file)) {
            return null;
        }
        try {
            Path target = file.toRealPath();
            if (!real.equals(target.getParent()) && !isCachedBlob(target)) {
                throw new FormatException(file + " is a link out of its folder, to " + target + ": it is not followed");
            }
            return target;
        } catch (IOException e) {
            throw new FormatException(file + " can't be opened: " + e.getMessage(), e);
        }
    }

    // …/models--org--name/snapshots/revision/file -> …/models--org--name/blobs/digest
    private boolean isCachedBlob(Path target) {
        Path snapshots = real.getParent();
        return snapshots != null
                && snapshots.endsWith("snapshots")
                && snapshots.resolveSibling("blobs").equals(target.getParent());
    }

    @Nullable
    String text(String name) {
        byte[] bytes = bytes(name, TEXT_LIMIT);
        return bytes == null ? null : StrictJson.utf8(bytes, name);
    }

    /** A JSON object's fields without those that are null, or null when the file is not there. */
    @Nullable
    Map<String, Object> json(String name, long limit) {
        byte[] bytes = bytes(name, limit);
        if (bytes == null) {
            return null;
        }
        Map<String, Object> fields = new LinkedHashMap<>(StrictJson.object(bytes, name));
        fields.values().removeIf(value -> value == null);
        return Collections.unmodifiableMap(fields);
    }

    Map<String, Object> config() {
        Map<String, Object> config = json("config.json", CONFIG_LIMIT);
        return config == null ? Map.of() : config;
    }

    private byte @Nullable [] bytes(String name, long limit) {
        Path file = file(name);
        if (file == null) {
            return null;
        }
        try {
            long size = Files.size(file);
            if (size > limit) {
                throw new FormatException(file + " has " + size + " bytes; the limit is " + limit);
            }
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new FormatException(file + " can't be read: " + e.getMessage(), e);
        }
    }

    /** Plain names in the folder that end in suffix, sorted. */
    List<String> named(String suffix) {
        try (Stream<Path> files = Files.list(real)) {
            List<String> names = new ArrayList<>(files.map(file -> String.valueOf(file.getFileName()))
                    .filter(name -> name.endsWith(suffix) && !name.startsWith("."))
                    .toList());
            Collections.sort(names);
            return names;
        } catch (IOException e) {
            throw new FormatException(real + " can't be listed: " + e.getMessage(), e);
        }
    }
}
