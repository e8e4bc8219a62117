package tinyllm.profile;

/** The roofline: what a machine can reach at best (chapter 4.6). */
public interface RoofFn {

    /**
     * The shortest time that the work can take: memory and arithmetic go on at the same time, and the slower one decides.
     *
     * @param flopsPerSecond of the machine, at best
     * @param bytesPerSecond of its memory, at best
     */
    double seconds(Work work, double flopsPerSecond, double bytesPerSecond);

    /** Whether memory decides: more bytes a second would help, and more operations a second would not. */
    boolean memoryBound(Work work, double flopsPerSecond, double bytesPerSecond);
}
