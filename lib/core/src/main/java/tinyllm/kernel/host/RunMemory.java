package tinyllm.kernel.host;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The last runs' results by what decides them: the program, the grid and the inputs' bytes. A run that was ended from outside, by a
 * limit or a signal, is not kept: a quieter machine may let it end.
 */
final class RunMemory {

    private static final long MOST_BYTES = 64L << 20;
    // A report's findings and counts, roughly.
    private static final long REPORT_BYTES = 4096;

    private static final Map<String, HostResult> KNOWN = new LinkedHashMap<>(16, 0.75f, true);
    private static long bytes;

    private RunMemory() {}

    static HostResult get(
            HostCompiler.Program program, String job, List<HostBuffer> buffers, Supplier<HostResult> run) {
        String key = key(program, job, buffers);
        HostResult known = find(key);
        if (known != null) {
            return known;
        }
        HostResult result = run.get();
        if (result.report().findings().stream().noneMatch(RunMemory::fromOutside)) {
            keep(key, result);
        }
        return result;
    }

    private static boolean fromOutside(Finding finding) {
        return switch (finding.kind()) {
            case TIME_LIMIT, CRASH, MEMORY, JOB -> true;
            default -> false;
        };
    }

    private static synchronized @Nullable HostResult find(String key) {
        return KNOWN.get(key);
    }

    private static synchronized void keep(String key, HostResult result) {
        if (KNOWN.put(key, result) == null) {
            bytes += size(result);
        }
        var oldest = KNOWN.values().iterator();
        while (bytes > MOST_BYTES && oldest.hasNext()) {
            bytes -= size(oldest.next());
            oldest.remove();
        }
    }

    private static long size(HostResult result) {
        return REPORT_BYTES
                + result.outputs().stream().mapToLong(output -> output.length).sum();
    }

    // The executable lies in a folder that is named by its content.
    private static String key(HostCompiler.Program program, String job, List<HostBuffer> buffers) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(program.executable().toString().getBytes(StandardCharsets.UTF_8));
            digest.update((byte) 0);
            digest.update(job.getBytes(StandardCharsets.UTF_8));
            digest.update((byte) 0);
            for (HostBuffer buffer : buffers) {
                byte[] data = buffer.data();
                if (data != null) {
                    digest.update(data);
                }
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java has SHA-256", e);
        }
    }
}
