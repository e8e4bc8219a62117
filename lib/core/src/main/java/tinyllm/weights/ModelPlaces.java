package tinyllm.weights;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tinyllm.weights.RegisteredModel.Format;
import tinyllm.weights.format.FormatException;
import tinyllm.weights.format.StrictJson;

/**
 * Where models may lie on this machine: our own folder, those that {@code TINYLLM_MODELS} names, and those of Hugging Face, Ollama and
 * LM Studio. All but our own are used in place and never written.
 *
 * @param home the one folder that this project writes, {@code TINYLLM_HOME}
 * @param environment the environment's variables
 * @param userHome the user's home folder
 */
record ModelPlaces(Path home, Map<String, String> environment, Path userHome) {

    static ModelPlaces of(Map<String, String> environment) {
        Path userHome = userHome(environment);
        String home = environment.get("TINYLLM_HOME");
        return new ModelPlaces(
                home == null || home.isBlank() ? userHome.resolve(".cache/tinyllm") : Path.of(home),
                environment,
                userHome);
    }

    // the variable before the property, which the lab's own JVMs point into TINYLLM_HOME
    private static Path userHome(Map<String, String> environment) {
        String home = environment.get("HOME");
        return Path.of(home == null || home.isBlank() ? System.getProperty("user.home", ".") : home);
    }

    /** The folder of a model that was fetched, there or not. */
    Path folder(RegisteredModel model) {
        return home.resolve("models").resolve(model.name());
    }

    /** A whole copy of the model, or null. */
    @Nullable
    Path find(RegisteredModel model) {
        List<Function<RegisteredModel, @Nullable Path>> places =
                List.of(this::own, this::shared, this::huggingFace, this::ollama, this::lmStudio);
        return places.stream()
                .map(place -> place.apply(model))
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(null);
    }

    private @Nullable Path own(RegisteredModel model) {
        return in(folder(model), model);
    }

    private static @Nullable Path in(Path folder, RegisteredModel model) {
        return model.format() == Format.MLX ? wholeFolder(folder) : sameFile(model, folder.resolve(file(model)));
    }

    /**
     * The folders of {@code TINYLLM_MODELS}, separated as in {@code PATH}: for a machine that many share. Each holds what our own
     * {@code models} folder does, a folder for each name, or the files themselves. They are read and never written.
     */
    private List<Path> sharedFolders() {
        String folders = environment.get("TINYLLM_MODELS");
        if (folders == null) {
            return List.of();
        }
        List<Path> paths = new ArrayList<>();
        for (String folder : folders.split(File.pathSeparator)) {
            if (!folder.isBlank()) {
                try {
                    paths.add(Path.of(folder.strip()));
                } catch (InvalidPathException e) {
                    throw new IllegalArgumentException(
                            "TINYLLM_MODELS names \"" + folder + "\", which is no path: " + e.getReason(), e);
                }
            }
        }
        return paths;
    }

    private @Nullable Path shared(RegisteredModel model) {
        for (Path folder : sharedFolders()) {
            Path found = in(folder.resolve(model.name()), model);
            if (found == null && model.format() != Format.MLX) {
                found = in(folder, model);
            }
            if (found != null) {
                return found;
            }
        }
        return null;
    }

    /** A model of a shared folder that the registry does not know, by its folder's or file's name; null when there is none. */
    @Nullable
    Path sharedByName(String name) {
        if (name.contains("/") || name.contains("\\") || name.startsWith(".")) {
            return null;
        }
        for (Path folder : sharedFolders()) {
            for (Path path : List.of(folder.resolve(name), folder.resolve(name + ".gguf"))) {
                if (wholeFolder(path) != null || (name(path).endsWith(".gguf") && Files.isRegularFile(path))) {
                    return path;
                }
            }
        }
        return null;
    }

    private static String name(Path path) {
        return String.valueOf(path.getFileName());
    }

    // hub/models--org--name/snapshots/<revision>/…, the revision named in refs/main
    private @Nullable Path huggingFace(RegisteredModel model) {
        Path hub = configured("HF_HUB_CACHE", "");
        if (hub == null) {
            hub = configured("HF_HOME", "hub");
        }
        if (hub == null) {
            hub = userHome.resolve(".cache/huggingface/hub");
        }
        Path repo = hub.resolve("models--" + model.repo().replace("/", "--"));
        List<Path> snapshots = new ArrayList<>(children(repo.resolve("snapshots")));
        String main = text(repo.resolve("refs/main"));
        snapshots.sort((a, b) -> Boolean.compare(b.endsWith(main.strip()), a.endsWith(main.strip())));
        for (Path snapshot : snapshots) {
            Path found = model.format() == Format.MLX
                    ? wholeFolder(snapshot)
                    : sameFile(model, snapshot.resolve(file(model)));
            if (found != null) {
                return found;
            }
        }
        return null;
    }

    // models/manifests/<host>/library/<name>/<tag> is JSON; its layer of the model is models/blobs/sha256-<digest>
    private @Nullable Path ollama(RegisteredModel model) {
        if (model.ollama() == null || model.format() != Format.GGUF) {
            return null;
        }
        Path configured = configured("OLLAMA_MODELS", "");
        Path models = configured == null ? userHome.resolve(".ollama/models") : configured;
        for (Path host : children(models.resolve("manifests"))) {
            String manifest =
                    text(host.resolve("library").resolve(model.ollama().replace(':', '/')));
            String digest = manifest.isEmpty() ? "" : modelLayer(manifest);
            if (digest.matches("sha256:[0-9a-f]{64}")) {
                Path found = sameFile(model, models.resolve("blobs").resolve(digest.replace(':', '-')));
                if (found != null) {
                    return found;
                }
            }
        }
        return null;
    }

    private static String modelLayer(String manifest) {
        try {
            Object layers = StrictJson.object(
                            manifest.getBytes(java.nio.charset.StandardCharsets.UTF_8), "a manifest of Ollama")
                    .get("layers");
            for (Object layer : layers instanceof List<?> list ? list : List.of()) {
                if (layer instanceof Map<?, ?> fields
                        && "application/vnd.ollama.image.model".equals(fields.get("mediaType"))
                        && fields.get("digest") instanceof String digest) {
                    return digest;
                }
            }
        } catch (FormatException e) {
            return ""; // another program's broken file is not our user's error
        }
        return "";
    }

    // models/<publisher>/<repository>/<file>
    private @Nullable Path lmStudio(RegisteredModel model) {
        for (Path models : List.of(userHome.resolve(".lmstudio/models"), userHome.resolve(".cache/lm-studio/models"))) {
            if (model.format() == Format.MLX) {
                Path found = wholeFolder(models.resolve(model.repo()));
                if (found != null) {
                    return found;
                }
                continue;
            }
            for (Path publisher : children(models)) {
                for (Path repository : children(publisher)) {
                    Path found = sameFile(model, repository.resolve(file(model)));
                    if (found != null) {
                        return found;
                    }
                }
            }
        }
        return null;
    }

    private static String file(RegisteredModel model) {
        return Objects.requireNonNull(model.file(), () -> model.name() + " is no single file");
    }

    private static @Nullable Path sameFile(RegisteredModel model, Path file) {
        try {
            boolean same = Files.isRegularFile(file) && (model.bytes() == 0 || Files.size(file) == model.bytes());
            return same ? file : null;
        } catch (IOException e) {
            return null;
        }
    }

    private static @Nullable Path wholeFolder(Path folder) {
        boolean weights = Files.isRegularFile(folder.resolve("model.safetensors"))
                || Files.isRegularFile(folder.resolve(ShardIndex.FILE));
        return weights && Files.isRegularFile(folder.resolve("config.json")) ? folder : null;
    }

    private @Nullable Path configured(String variable, String below) {
        String value = environment.get(variable);
        return value == null || value.isBlank() ? null : Path.of(value).resolve(below);
    }

    private static List<Path> children(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> children = Files.list(folder)) {
            return children.filter(Files::isDirectory).sorted().toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    private static String text(Path file) {
        try {
            return Files.isRegularFile(file) && Files.size(file) < 1 << 20 ? Files.readString(file) : "";
        } catch (IOException e) {
            return "";
        }
    }
}
