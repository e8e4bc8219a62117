package tinyllm.kernel;

import tinyllm.natives.kernels;

/** How fast this machine reads memory, the ceiling of decoding. */
public final class Bandwidth {

    private Bandwidth() {}

    /**
     * Reads bytes of memory once with all compute threads, after a pass that is not counted.
     *
     * @param bytes far more than the caches hold
     * @return bytes per second, the best of three passes
     */
    public static double read(long bytes) {
        if (bytes < 1 << 20 || bytes > 1L << 36) {
            throw new IllegalArgumentException("1 MiB to 64 GiB can be read, not " + bytes + " bytes");
        }
        return kernels.read_bandwidth(bytes);
    }
}
