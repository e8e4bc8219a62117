package tinyllm.weights;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tinyllm.weights.format.ElementType;
import tinyllm.weights.format.FileKind;
import tinyllm.weights.format.FormatException;
import tinyllm.weights.format.GgufHeader;
import tinyllm.weights.format.MappedFile;
import tinyllm.weights.format.SafetensorsHeader;
import tinyllm.weights.format.TensorEntry;

/** Finds out what a path is, opens its files and checks their headers. */
final class CheckpointOpener {
    private final Path path;
    private final List<MappedFile> files = new ArrayList<>();

    private CheckpointOpener(Path path) {
        this.path = path;
    }

    static Checkpoint open(Path path) {
        CheckpointOpener opener = new CheckpointOpener(path);
        try {
            return opener.checkpoint();
        } catch (RuntimeException | Error e) {
            opener.files.forEach(MappedFile::close);
            throw e;
        }
    }

    private Checkpoint checkpoint() {
        if (!Files.exists(path)) {
            throw new FormatException(path + " does not exist");
        }
        if (Files.isDirectory(path)) {
            return folder(ModelFolder.of(path));
        }
        MappedFile file = map(path);
        boolean gguf = file.reading(() -> FileKind.isGguf(file.bytes()));
        if (gguf) {
            return gguf(file);
        }
        Path parent = path.toAbsolutePath().getParent();
        ModelFolder folder = ModelFolder.of(parent == null ? path : parent);
        return safetensors(folder, Map.of(String.valueOf(path.getFileName()), file), Map.of());
    }

    private MappedFile map(Path file) {
        MappedFile mapped = MappedFile.open(file);
        files.add(mapped);
        return mapped;
    }

    private Checkpoint gguf(MappedFile file) {
        GgufHeader header = file.reading(() -> GgufHeader.read(file.bytes()));
        if (header.metadata().get("split.count") instanceof Number parts && parts.longValue() > 1) {
            throw new FormatException(file.path() + " is one of " + parts
                    + " parts of a split GGUF file: join them with llama.cpp's llama-gguf-split --merge");
        }
        Map<String, WeightSource> sources = new LinkedHashMap<>();
        for (TensorEntry entry : header.tensors()) {
            String name = GgufNames.translate(entry.name());
            if (sources.put(name, new StoredTensor(file, entry)) != null) {
                throw new FormatException(file.path() + ": two tensors are called \"" + name + "\" after translation");
            }
        }
        requireTensors(sources, file.path());
        Map<String, Object> config = file.reading(() -> GgufConfig.translate(
                header.metadata(), name -> sources.get(name) instanceof StoredTensor stored ? stored.shape() : null));
        boolean traditional = "llama".equals(config.get("model_type"));
        return new FileCheckpoint(path, files, sources, config, header.metadata(), traditional, null);
    }

    private Checkpoint folder(ModelFolder folder) {
        Map<String, String> index = ShardIndex.read(folder);
        Map<String, MappedFile> shards = new LinkedHashMap<>();
        List<String> names = index.isEmpty()
                ? ShardIndex.withoutIndex(folder)
                : index.values().stream().distinct().sorted().toList();
        if (names.isEmpty()) {
            return onlyGguf(folder);
        }
        for (String name : names) {
            Path file = folder.file(name);
            if (file == null) {
                throw new FormatException("the shard " + name + ", which " + ShardIndex.FILE
                        + " names, is missing from " + folder.real());
            }
            shards.put(name, map(file));
        }
        return safetensors(folder, shards, index);
    }

    private Checkpoint onlyGguf(ModelFolder folder) {
        List<String> names = folder.named(".gguf");
        Path file = names.size() == 1 ? folder.file(names.getFirst()) : null;
        if (file == null) {
            throw new FormatException(
                    names.isEmpty()
                            ? "the folder " + folder.real() + " holds no .safetensors and no .gguf file"
                            : "the folder " + folder.real() + " holds several GGUF files (" + String.join(", ", names)
                                    + "): give the path of one");
        }
        return gguf(map(file));
    }

    /** @param index tensor name to shard name; empty when every tensor of every shard counts */
    private Checkpoint safetensors(ModelFolder folder, Map<String, MappedFile> shards, Map<String, String> index) {
        Map<String, StoredTensor> stored = new LinkedHashMap<>();
        shards.forEach((shard, file) -> {
            SafetensorsHeader header = file.reading(() -> SafetensorsHeader.read(file.bytes()));
            for (TensorEntry entry : header.tensors()) {
                if (!index.isEmpty() && !shard.equals(index.get(entry.name()))) {
                    continue;
                }
                if (stored.put(entry.name(), new StoredTensor(file, entry)) != null) {
                    throw new FormatException("tensor \"" + entry.name() + "\" is in two shards of " + folder.real());
                }
            }
        });
        index.forEach((tensor, shard) -> {
            if (!stored.containsKey(tensor)) {
                throw new FormatException(
                        ShardIndex.FILE + " says that \"" + tensor + "\" is in " + shard + "; it is not");
            }
        });
        Map<String, Object> config = folder.config();
        Map<String, WeightSource> sources = MlxQuantization.of(config).gather(stored);
        requireTensors(sources, path);
        return new FileCheckpoint(path, files, sources, config, Map.of(), false, folder);
    }

    private static void requireTensors(Map<String, WeightSource> sources, Path path) {
        if (sources.isEmpty()) {
            throw new FormatException(path + " holds no tensors");
        }
        sources.forEach((name, source) -> {
            boolean words =
                    source instanceof StoredTensor stored && stored.entry().type() == ElementType.U32;
            if (words && name.endsWith(".weight")) {
                throw new FormatException(
                        "tensor \"" + name + "\" of " + path
                                + " holds packed words (U32), and config.json has no \"quantization\" that says how to unpack it");
            }
        });
    }
}
