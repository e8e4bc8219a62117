package tinyllm.kernel.host;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;

/** The files of the folder {@code metal/}, which the jar holds as resources, and where compiled things are kept. */
public final class MetalFolder {
    /** The headers that a kernel sees on the host. */
    static final List<String> HEADERS = List.of(
            "common/metal_constants.h",
            "common/metal_math.h",
            "common/metal_types.h",
            "common/metal_vectors.h",
            "host/atomics.h",
            "host/metal_host.h",
            "host/runtime.h",
            "host/simd.h",
            "host/simdgroup_matrix.h",
            "host/small_floats.h");

    /** The host run itself. */
    static final List<String> RUNTIME = List.of(
            "host/counters.cpp",
            "host/fiber.cpp",
            "host/hooks.cpp",
            "host/main.cpp",
            "host/memory.cpp",
            "host/report.cpp",
            "host/scheduler.cpp",
            "host/shadow.cpp");

    static final List<String> RUNTIME_HEADERS = List.of("host/fiber.h", "host/host.h", "host/memory.h");

    private MetalFolder() {}

    /**
     * The text of a file, such as {@code axpy.metal}.
     *
     * @throws IllegalArgumentException if there is no such file
     */
    public static String text(String file) {
        try (InputStream in = MetalFolder.class.getResourceAsStream("/tinyllm/metal/" + file)) {
            if (in == null) {
                throw new IllegalArgumentException("metal/ holds no " + file);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new HostException("metal/" + file + " can't be read: " + e.getMessage(), e);
        }
    }

    /** TINYLLM_HOME/metal: everything that is compiled, by content. */
    public static Path cache() {
        String home = System.getenv("TINYLLM_HOME");
        Path root = home == null || home.isBlank()
                ? Path.of(System.getProperty("user.home", "."), ".cache", "tinyllm")
                : Path.of(home);
        return root.resolve("metal");
    }

    /** A folder that appears whole or not at all: made under another name, then moved. Other processes may make it too. */
    public static Path made(Path target, Filling filling) {
        if (Files.isDirectory(target)) {
            return target;
        }
        try {
            Files.createDirectories(target.getParent());
            Path part = Files.createTempDirectory(target.getParent(), ".part-");
            try {
                filling.into(part);
                Files.move(part, target);
            } catch (IOException e) {
                if (!Files.isDirectory(target)) {
                    throw e;
                }
            } finally {
                delete(part);
            }
            return target;
        } catch (IOException e) {
            throw new HostException(target + " can't be written: " + e.getMessage(), e);
        }
    }

    /** What fills a new folder. */
    @FunctionalInterface
    public interface Filling {
        void into(Path folder) throws IOException;
    }

    /** Removes the older half of the folders in parent when there are more than most. */
    static void keep(Path parent, int most) {
        File[] folders = parent.toFile().listFiles(File::isDirectory);
        if (folders == null || folders.length <= most) {
            return;
        }
        Arrays.sort(folders, Comparator.comparingLong(File::lastModified));
        for (int i = 0; i < folders.length / 2; i++) {
            delete(folders[i].toPath());
        }
    }

    static void delete(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        try (var files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            // what is left behind is a temporary folder
        }
    }

    /** A name for content. */
    public static String digest(String... parts) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (String part : parts) {
                digest.update(part.getBytes(StandardCharsets.UTF_8));
                digest.update((byte) 0);
            }
            return HexFormat.of().formatHex(digest.digest()).substring(0, 32);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
