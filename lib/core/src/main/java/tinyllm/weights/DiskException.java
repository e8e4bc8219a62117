package tinyllm.weights;

import java.io.IOException;
import java.nio.file.Path;

/** The disk did not take the bytes: neither a second try nor another source would help before there is room. */
final class DiskException extends FetchException {
    private static final long serialVersionUID = 1L;

    DiskException(String message) {
        super(message);
    }

    private DiskException(String message, IOException cause) {
        super(message, cause);
    }

    /** For a write to a folder that failed; what of the file is there stays, and the next fetch goes on from it. */
    static DiskException of(String what, Path folder, IOException e) {
        String again = "fetch again to go on where it stopped";
        return isFull(e)
                ? new DiskException(
                        "the disk of " + folder + " is full: free some space, then " + again + " (" + what + ")", e)
                : new DiskException(what + " could not be written to " + folder + " (" + e + "); " + again, e);
    }

    private static boolean isFull(IOException e) {
        String message = String.valueOf(e.getMessage());
        return message.contains("No space left")
                || message.contains("Disk quota")
                || message.contains("not enough space");
    }
}
