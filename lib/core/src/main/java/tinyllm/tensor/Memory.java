package tinyllm.tensor;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.mlx.global.mlx;

/**
 * The native memory of all tensors, in bytes. MLX on a CPU ends the process when an allocation fails, so tensors are refused
 * with a {@link TensorMemoryException} before that: above the budget.
 */
public final class Memory {
    static final String PROPERTY = "tinyllm.memoryBudget";
    private static final double SHARE = 0.75;
    private static final Pattern AMOUNT = Pattern.compile("(\\d{1,18})\\s*([kKmMgGtT]?)[bB]?");
    private static final Pattern PERCENT = Pattern.compile("(\\d{1,3})\\s*%");

    private Memory() {}

    private static final class Limits {
        private static final long BUDGET = budget(System.getProperty(PROPERTY));
    }

    /**
     * The bytes that tensors may take: the system property {@code tinyllm.memoryBudget} ({@code 6g}, {@code 512m},
     * {@code 50%} or bytes), else 75 % of the memory that this machine, or this process's container, has.
     */
    public static long budget() {
        return Limits.BUDGET;
    }

    /**
     * Makes sure, before native memory is allocated that belongs to no tensor, that it fits into the budget.
     *
     * @param what names the need in the error
     * @throws TensorMemoryException when it does not fit
     */
    public static void require(String what, long bytes) {
        DeviceThread.locked(() -> {
            Registry.require(what, bytes);
            return null;
        });
    }

    /** Bytes that MLX has allocated for arrays that are in use. */
    public static long activeBytes() {
        return DeviceThread.locked(mlx::get_active_memory);
    }

    /** The most that {@link #activeBytes()} has been since the process began, or since {@link #resetPeak()}. */
    public static long peakBytes() {
        return DeviceThread.locked(mlx::get_peak_memory);
    }

    public static void resetPeak() {
        DeviceThread.locked(() -> {
            mlx.reset_peak_memory();
            return null;
        });
    }

    /** Bytes that MLX keeps for arrays to come. */
    public static long cacheBytes() {
        return DeviceThread.locked(mlx::get_cache_memory);
    }

    /** Tensors whose native side is not freed yet. */
    public static int liveTensors() {
        return DeviceThread.locked(Registry::live);
    }

    static long cacheLimit() {
        return Math.min(256L << 20, budget() / 16);
    }

    static long budget(@org.jspecify.annotations.Nullable String property) {
        long total = total();
        if (property == null || property.isBlank()) {
            return (long) (Math.min(total, addressSpaceLeft()) * SHARE);
        }
        Matcher percent = PERCENT.matcher(property.strip());
        if (percent.matches()) {
            return total / 100 * Math.min(100, Long.parseLong(percent.group(1)));
        }
        Matcher amount = AMOUNT.matcher(property.strip());
        if (!amount.matches()) {
            throw new IllegalArgumentException("The system property " + PROPERTY + " is \"" + property
                    + "\"; write bytes, or a number with k, m, g, t or %");
        }
        int shift = 10 * ("kmgt".indexOf(amount.group(2).toLowerCase(Locale.ROOT)) + 1);
        long number = Long.parseLong(amount.group(1));
        boolean bare = amount.group(2).isEmpty();
        return bare ? number : number > Long.MAX_VALUE >> shift ? Long.MAX_VALUE : number << shift;
    }

    /** Of the container, where there is one. */
    private static long total() {
        return ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
                .getTotalMemorySize();
    }

    /** What {@code ulimit -v} leaves to this process on Linux. */
    private static long addressSpaceLeft() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/limits"))) {
                Matcher limit =
                        Pattern.compile("Max address space\\s+(\\d+)\\s.*").matcher(line);
                if (limit.matches()) {
                    String pages = Files.readString(Path.of("/proc/self/statm")).split(" ", 2)[0];
                    return Math.max(0, Long.parseLong(limit.group(1)) - Long.parseLong(pages) * 4096);
                }
            }
        } catch (IOException e) {
            return Long.MAX_VALUE;
        }
        return Long.MAX_VALUE;
    }

    /** Bytes to be read: "1.5 MiB". */
    public static String text(long bytes) {
        double value = bytes;
        String[] units = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
        int unit = 0;
        while (value >= 1024 && unit < units.length - 1) {
            value /= 1024;
            unit++;
        }
        return unit == 0 ? bytes + " bytes" : String.format(Locale.ROOT, "%.1f %s", value, units[unit]);
    }
}
