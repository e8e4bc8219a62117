package tinyllm.weights;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * One file of a hub, fetched into {@code name.part}, resumed where an earlier try stopped, checked, and only then moved to its name.
 * The caller holds the folder's lock.
 */
final class Download {
    private static final int TRIES_WITHOUT_PROGRESS = 4;
    private static final long MARGIN = 64L << 20; // bytes of disk that stay free

    private final HubClient hub;
    private final String repo;
    private final RemoteFile file;
    private final Path folder;
    private final Path target;
    private final Path part;
    private final FetchProgress progress;
    private final long pauseMillis;

    Download(HubClient hub, String repo, RemoteFile file, Path folder, FetchProgress progress, long pauseMillis) {
        this.hub = hub;
        this.repo = repo;
        this.file = file;
        this.folder = folder;
        this.target = folder.resolve(file.name());
        this.part = folder.resolve(file.name() + ".part");
        this.progress = progress;
        this.pauseMillis = pauseMillis;
    }

    /** @throws FetchException when the file is not to be had whole and right */
    void run() {
        try {
            boolean resumed = size() > 0;
            fill();
            if (resumed && !file.matches(part)) {
                Files.delete(part); // the earlier part may have been of another file: once more from the start
                fill();
            }
            finish(file, part, target);
        } catch (IOException e) {
            throw DiskException.of(file.name(), folder, e);
        }
    }

    /** Checks a whole file and gives it its name: fsync, atomic move, fsync of the folder. */
    static void finish(RemoteFile file, Path part, Path target) throws IOException {
        String found = file.digestOf(part);
        if (!found.equals(file.digest())) {
            Files.delete(part);
            throw new FetchException(file.name() + " arrived with the digest " + found + " instead of " + file.digest()
                    + ": it is not the file that was asked for, and was deleted");
        }
        try (FileChannel channel = FileChannel.open(part, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
        try (FileChannel folder = FileChannel.open(target.toAbsolutePath().getParent())) {
            folder.force(true);
        } catch (IOException e) {
            // not every system opens a folder; the file itself is safe
        }
    }

    /** Adds to the part until it has all bytes. */
    private void fill() throws IOException {
        int failures = 0;
        while (size() < file.bytes() || !Files.exists(part)) {
            long before = size();
            requireSpace(part, file.bytes() - before);
            try {
                receive(before);
            } catch (IOException e) {
                failures = size() > before ? 1 : failures + 1;
                if (failures >= TRIES_WITHOUT_PROGRESS) {
                    throw stopped(e);
                }
                pause(pauseMillis << failures);
            }
        }
        if (size() > file.bytes()) {
            long found = size();
            Files.delete(part);
            throw wrongLength(found);
        }
    }

    private void receive(long from) throws IOException {
        HttpResponse<InputStream> response = hub.open(repo, file.name(), from);
        try (InputStream in = response.body();
                Watchdog watchdog = new Watchdog(in)) {
            if (response.statusCode() == 416) {
                Files.deleteIfExists(part);
                throw new IOException("the hub has no byte " + from + " of " + file.name());
            }
            HubClient.requireOk(response, repo + "/" + file.name());
            boolean partial = response.statusCode() == 206;
            long start = partial ? from : 0;
            String range = response.headers().firstValue("Content-Range").orElse("");
            if (partial && !range.startsWith("bytes " + from + "-")) {
                throw new FetchException("the hub was asked for " + file.name() + " from byte " + from
                        + " on and sent \"" + range + "\"");
            }
            long length = response.headers().firstValueAsLong("Content-Length").orElse(file.bytes() - start);
            if (start + length != file.bytes()) {
                throw wrongLength(start + length);
            }
            append(in, start, watchdog);
        }
    }

    private void append(InputStream in, long start, Watchdog watchdog) throws IOException {
        byte[] buffer = new byte[1 << 18];
        long told = 0;
        try (FileChannel out = FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            out.truncate(start).position(start);
            long done = start;
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                watchdog.alive();
                done += n;
                if (done > file.bytes()) {
                    throw wrongLength(done);
                }
                write(out, ByteBuffer.wrap(buffer, 0, n));
                if (System.nanoTime() - told > 100_000_000L || done == file.bytes()) {
                    progress.update(file.name(), done, file.bytes());
                    told = System.nanoTime();
                }
            }
            if (done < file.bytes()) {
                throw new IOException("the connection ended after " + done + " of " + file.bytes() + " bytes");
            }
        }
    }

    /** The network's errors are worth a second try, the disk's are not: they leave here as another type. */
    private void write(FileChannel out, ByteBuffer bytes) {
        try {
            while (bytes.hasRemaining()) {
                out.write(bytes);
            }
        } catch (ClosedByInterruptException e) {
            throw new FetchException("the download was interrupted; fetch again to go on where it stopped", e);
        } catch (IOException e) {
            throw DiskException.of(file.name(), folder, e);
        }
    }

    private long size() throws IOException {
        return Files.exists(part) ? Files.size(part) : 0;
    }

    /** @throws DiskException naming both numbers, when the disk has not that many bytes free */
    static void requireSpace(Path file, long needed) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        long free = Files.getFileStore(folder).getUsableSpace();
        if (needed > free - MARGIN) {
            throw new DiskException("the disk is full: " + file.getFileName() + " needs " + needed / 1_000_000
                    + " MB more, and " + folder + " has " + free / 1_000_000 + " MB free");
        }
    }

    private FetchException stopped(IOException e) throws IOException {
        return new FetchException(
                file.name() + " stopped after " + size() + " of " + file.bytes() + " bytes (" + e
                        + "); fetch again to go on where it stopped",
                e);
    }

    private FetchException wrongLength(long found) {
        return new FetchException(file.name() + " has " + found + " bytes on the hub; " + file.bytes()
                + " were expected: it is another file");
    }

    private static void pause(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new FetchException("the download was interrupted; fetch again to go on where it stopped", e);
        }
    }
}
