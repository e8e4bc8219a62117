package tinyllm.model;

/** Hears how far a model's loading is. */
@FunctionalInterface
public interface LoadListener {

    /** Hears nothing. */
    LoadListener NONE = (bytes, total) -> {};

    /**
     * @param bytes bytes of the file that are read
     * @param total bytes of the file that hold weights
     */
    void read(long bytes, long total);
}
