package tinyllm.weights;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;
import tinyllm.weights.format.MappedFile;

/** The one implementation: named sources over mapped files, which it owns. */
final class FileCheckpoint implements Checkpoint {
    private final Path path;
    private final List<MappedFile> files;
    private final Map<String, WeightSource> sources;
    private final Map<String, Object> config;
    private final Map<String, Object> metadata;
    private final boolean ropeTraditional;
    private final @Nullable ModelFolder folder;
    private volatile boolean closed;

    FileCheckpoint(
            Path path,
            List<MappedFile> files,
            Map<String, WeightSource> sources,
            Map<String, Object> config,
            Map<String, Object> metadata,
            boolean ropeTraditional,
            @Nullable ModelFolder folder) {
        this.path = path;
        this.files = files;
        this.sources = Collections.unmodifiableMap(sources);
        this.config = config;
        this.metadata = metadata;
        this.ropeTraditional = ropeTraditional;
        this.folder = folder;
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public Map<String, Object> config() {
        return config;
    }

    @Override
    public Map<String, Object> metadata() {
        return metadata;
    }

    @Override
    public Set<String> names() {
        return sources.keySet();
    }

    @Override
    public boolean has(String name) {
        return sources.containsKey(name);
    }

    @Override
    public int[] shape(String name) {
        return switch (source(name)) {
            case StoredTensor stored -> stored.shape();
            case QuantizedTensor quantized -> quantized.shape();
        };
    }

    @Override
    public long fileBytes(String name) {
        return switch (source(name)) {
            case StoredTensor stored -> stored.entry().bytes();
            case QuantizedTensor q ->
                q.weight().entry().bytes()
                        + q.scales().entry().bytes()
                        + q.biases().entry().bytes();
        };
    }

    @Override
    public Tensor load(String name, DType dtype) {
        try (Arena arena = Arena.ofShared()) {
            return Tensor.of(read(name, dtype, arena), dtype, shape(name));
        }
    }

    /** The values as dtype, row-major, in memory of the arena. */
    MemorySegment read(String name, DType dtype, Arena arena) {
        WeightSource source = source(name);
        if (closed) {
            throw new IllegalStateException("the checkpoint " + path + " is closed");
        }
        return reading(() -> WeightLoader.load(source, dtype, arena));
    }

    @Override
    public <T> T quantized(String name, Function<AffineRows, T> body) {
        if (!isQuantized(name)) {
            throw new IllegalArgumentException("tensor \"" + name + "\" of " + path + " is not a quantized matrix");
        }
        if (closed) {
            throw new IllegalStateException("the checkpoint " + path + " is closed");
        }
        AffineRows rows = switch (source(name)) {
            case StoredTensor stored -> new GgufRows(stored);
            case QuantizedTensor quantized -> new MlxRows(quantized);
        };
        return reading(() -> body.apply(rows));
    }

    @Override
    public boolean isQuantized(String name) {
        return switch (source(name)) {
            case StoredTensor stored -> stored.entry().type().blockElements() > 1 && stored.shape().length == 2;
            case QuantizedTensor quantized -> true;
        };
    }

    /** Reads with every file watched: the parts of a quantized matrix may lie in several. */
    private <T> T reading(Supplier<T> body) {
        Supplier<T> watched = body;
        for (MappedFile file : files) {
            Supplier<T> inner = watched;
            watched = () -> file.reading(inner);
        }
        return watched.get();
    }

    @Override
    public boolean ropeTraditional() {
        return ropeTraditional;
    }

    @Override
    public @Nullable String textFile(String name) {
        return folder == null ? null : folder.text(name);
    }

    private WeightSource source(String name) {
        WeightSource source = sources.get(name);
        if (source == null) {
            throw new IllegalArgumentException("there is no tensor \"" + name + "\" in " + path
                    + "; the nearest names are " + String.join(", ", NearestNames.of(name, sources.keySet(), 3)));
        }
        return source;
    }

    @Override
    public void close() {
        closed = true;
        files.forEach(MappedFile::close);
    }
}
