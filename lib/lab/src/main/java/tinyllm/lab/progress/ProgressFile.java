package tinyllm.lab.progress;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the progress on disk so that it survives a killed kernel, a full disk and two kernels at once.
 *
 * <p>A save writes a temporary file, forces it to the disk and moves it over the old one, all under a lock; the state before
 * stays beside it as {@code .bak}. A corrupt file is put aside, never deleted, and the previous good one is used. A file of a
 * newer version is left alone and refused.
 */
public final class ProgressFile {

    private static final Object IN_THIS_PROCESS = new Object();

    private final Path file;
    private volatile @Nullable String notice;

    public ProgressFile(Path file) {
        this.file = file.toAbsolutePath();
    }

    public Path path() {
        return file;
    }

    /** What the last read had to tell the learner, once: that a corrupt file was put aside. */
    public Optional<String> takeNotice() {
        Optional<String> taken = Optional.ofNullable(notice);
        notice = null;
        return taken;
    }

    /**
     * The state on disk, or the empty one.
     *
     * @throws ProgressFormatException when the file is of a newer version
     * @throws UncheckedIOException when the folder can't be read
     */
    public Progress read() {
        return locked(this::readUnlocked);
    }

    /**
     * Changes the state on disk: reads it, applies the change, writes it. Another process waits meanwhile.
     *
     * @return the new state
     * @throws ProgressFormatException when the file is of a newer version; nothing is written
     * @throws UncheckedIOException when it can't be written; the old file is still complete
     */
    public Progress update(UnaryOperator<Progress> change) {
        return locked(() -> {
            Progress before = readUnlocked();
            Progress after = change.apply(before);
            if (Files.exists(file)) {
                SafeFile.replace(backup(), ProgressJson.bytes(file));
            }
            SafeFile.replace(file, ProgressJson.write(after));
            return after;
        });
    }

    private Progress readUnlocked() throws IOException {
        byte[] bytes;
        try {
            bytes = ProgressJson.bytes(file);
        } catch (NoSuchFileException e) {
            return readBackup().orElse(Progress.EMPTY);
        }
        try {
            return ProgressJson.read(bytes);
        } catch (ProgressFormatException e) {
            if (e.newerVersion()) {
                throw new ProgressFormatException(file + ": " + e.getMessage(), true);
            }
            return recover(e);
        }
    }

    private Progress recover(ProgressFormatException reason) throws IOException {
        Path aside = aside();
        Optional<Progress> previous = readBackup();
        byte[] restored = ProgressJson.write(previous.orElse(Progress.EMPTY));
        Files.move(file, aside);
        SafeFile.replace(file, restored);
        notice = "The progress file is corrupt (" + reason.getMessage() + "). It was kept as " + aside.getFileName()
                + "; "
                + (previous.isPresent()
                        ? "the previous good copy is used."
                        : "there was no good copy, so progress starts anew.");
        return previous.orElse(Progress.EMPTY);
    }

    private Optional<Progress> readBackup() throws IOException {
        try {
            return Optional.of(ProgressJson.read(ProgressJson.bytes(backup())));
        } catch (NoSuchFileException | ProgressFormatException e) {
            return Optional.empty();
        }
    }

    private Path backup() {
        return file.resolveSibling(file.getFileName() + ".bak");
    }

    private Path aside() {
        for (int i = 1; ; i++) {
            Path aside = file.resolveSibling(file.getFileName() + ".corrupt-" + i);
            if (!Files.exists(aside)) {
                return aside;
            }
        }
    }

    private interface Action {
        Progress run() throws IOException;
    }

    private Progress locked(Action action) {
        boolean interrupted = Thread.interrupted(); // an interrupted thread can't use file channels
        synchronized (IN_THIS_PROCESS) {
            try {
                Files.createDirectories(file.getParent());
                Path lockFile = file.resolveSibling(file.getFileName() + ".lock");
                try (FileChannel channel =
                                FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                        FileLock lock = channel.lock()) {
                    if (!lock.isValid()) {
                        throw new IOException("the lock " + lockFile + " was lost");
                    }
                    return action.run();
                }
            } catch (IOException e) {
                throw new UncheckedIOException("the progress in " + file + " can't be kept: " + e, e);
            } finally {
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }
}
