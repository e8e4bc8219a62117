package tinyllm.lab.progress;

/** The progress file is not what this version writes. */
public final class ProgressFormatException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final boolean newerVersion;

    ProgressFormatException(String message, boolean newerVersion) {
        super(message);
        this.newerVersion = newerVersion;
    }

    /** True when a later version of the lab wrote it; false when it is corrupt. */
    public boolean newerVersion() {
        return newerVersion;
    }
}
