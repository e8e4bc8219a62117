package tinyllm.lab.progress;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;

/** Replaces a file whole: whatever is killed, or however full the disk is, a reader finds the old content or the new one. */
public final class SafeFile {

    private static final Duration LEFT_BEHIND = Duration.ofMinutes(10);

    private SafeFile() {}

    /**
     * Writes a temporary file beside the target, forces it to the disk and moves it over the target. Two processes at once: the later
     * one's content stays.
     *
     * @throws IOException when it can't be written; the target is as it was, and the temporary file is gone
     */
    public static void replace(Path target, byte[] bytes) throws IOException {
        sweep(target);
        Path temporary = target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
        try {
            try (FileChannel channel =
                    FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                ByteBuffer buffer = ByteBuffer.wrap(bytes);
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
                channel.force(true);
            }
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(temporary);
        }
        try (FileChannel folder = FileChannel.open(target.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
            folder.force(true);
        }
    }

    /** Temporary files that a killed process left behind. */
    private static void sweep(Path target) throws IOException {
        FileTime old = FileTime.from(Instant.now().minus(LEFT_BEHIND));
        try (DirectoryStream<Path> left =
                Files.newDirectoryStream(target.toAbsolutePath().getParent(), "." + target.getFileName() + ".*.tmp")) {
            for (Path file : left) {
                if (Files.getLastModifiedTime(file).compareTo(old) < 0) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (NoSuchFileException e) {
            // Another process was quicker.
        }
    }
}
