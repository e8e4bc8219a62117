package tinyllm.weights;

/** Hears how far a download is, from the thread that fetches, about ten times a second. */
@FunctionalInterface
public interface FetchProgress {
    /**
     * @param file plain name
     * @param done bytes that are here, those of an earlier try too
     * @param total bytes of the file
     */
    void update(String file, long done, long total);
}
