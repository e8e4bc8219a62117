package tinyllm.weights.format;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.function.Supplier;

/**
 * A model file, mapped read-only whole (past 2 GiB too). It owns the mapping and remembers length and modification time: a file
 * that is cut or rewritten later is an error with its name, never stale data and never the process's end.
 */
public final class MappedFile implements AutoCloseable {
    private final Path path;
    private final Arena arena;
    private final MemorySegment bytes;
    private final Stamp stamp;

    private MappedFile(Path path, Arena arena, MemorySegment bytes, Stamp stamp) {
        this.path = path;
        this.arena = arena;
        this.bytes = bytes;
        this.stamp = stamp;
    }

    /** @throws FormatException when the file can't be opened or is no plain file */
    public static MappedFile open(Path path) {
        if (!Files.isRegularFile(path)) {
            throw new FormatException(path + (Files.exists(path) ? " is not a plain file" : " does not exist"));
        }
        Arena arena = Arena.ofShared();
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            Stamp stamp = Stamp.of(path);
            MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, stamp.length, arena);
            return new MappedFile(path, arena, bytes, stamp);
        } catch (IOException e) {
            arena.close();
            throw new FormatException(path + " can't be read: " + e.getMessage(), e);
        }
    }

    public Path path() {
        return path;
    }

    /** The whole file. Touch it inside {@link #reading} only. */
    public MemorySegment bytes() {
        return bytes;
    }

    /**
     * Runs body, which reads this file. The file must be as it was opened, before and after; a page that is gone (the file was cut)
     * arrives as an {@link InternalError} from the JVM and leaves as a {@link FormatException}.
     */
    public <T> T reading(Supplier<T> body) {
        checkUnchanged();
        try {
            T result = named(body);
            checkUnchanged();
            return result;
        } catch (InternalError e) {
            throw new FormatException(
                    path + " was cut, or its disk failed, while it was read: open the model again", e);
        }
    }

    private <T> T named(Supplier<T> body) {
        try {
            return body.get();
        } catch (FormatException e) {
            throw e.in(String.valueOf(path.getFileName()));
        }
    }

    private void checkUnchanged() {
        Stamp now;
        try {
            now = Stamp.of(path);
        } catch (IOException e) {
            throw new FormatException(path + " is gone: " + e.getMessage(), e);
        }
        if (!now.equals(stamp)) {
            throw new FormatException(
                    path + " changed after it was opened: " + stamp + " then, " + now + " now; open the model again");
        }
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }

    private record Stamp(long length, FileTime modified) {
        static Stamp of(Path path) throws IOException {
            BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
            return new Stamp(attributes.size(), attributes.lastModifiedTime());
        }

        @Override
        public String toString() {
            return length + " bytes of " + modified;
        }
    }
}
