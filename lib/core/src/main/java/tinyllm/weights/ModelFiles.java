package tinyllm.weights;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Finds the files of models: by path, or by a name of the registry. */
public final class ModelFiles {
    private ModelFiles() {}

    /**
     * The file or folder that a name or path stands for.
     *
     * @throws IllegalArgumentException when there is none; it says how to fetch a known model, and offers the nearest names for an
     *     unknown one
     */
    public static Path resolve(String nameOrPath) {
        return resolve(nameOrPath, ModelRegistry.standard(), ModelPlaces.of(System.getenv()));
    }

    static Path resolve(String nameOrPath, ModelRegistry registry, ModelPlaces places) {
        if (nameOrPath.isBlank()) {
            throw new IllegalArgumentException(
                    "the model's name is empty; give a name of the registry, a file or a folder");
        }
        Path path = path(nameOrPath);
        if (path != null) {
            return path;
        }
        RegisteredModel model = registry.get(nameOrPath);
        Path found = places.find(model);
        if (found == null) {
            throw new IllegalArgumentException(
                    "the model " + model.name() + " is not on this machine; ./lab models fetch " + model.name()
                            + " gets it (about " + model.approxBytes() / 1_000_000 + " MB)");
        }
        return found;
    }

    /** Where a model of the registry lies on this machine, whole, or null. */
    public static @Nullable Path find(RegisteredModel model) {
        return ModelPlaces.of(System.getenv()).find(model);
    }

    private static @Nullable Path path(String text) {
        try {
            Path path = Path.of(text);
            return Files.exists(path) ? path : null;
        } catch (InvalidPathException e) {
            return null;
        }
    }
}
