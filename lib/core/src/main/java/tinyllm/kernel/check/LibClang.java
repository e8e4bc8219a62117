package tinyllm.kernel.check;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import tinyllm.kernel.host.HostCompiler;
import tinyllm.kernel.host.HostException;
import tinyllm.kernel.host.MetalFolder;

/** clang's library, out of the wheel that PyPI has; it is fetched at the first check and kept in TINYLLM_HOME. */
final class LibClang {
    private static final String VERSION = "18.1.1";

    /** The wheel of a platform, and its SHA-256. */
    private static final Map<String, String> WHEELS = Map.of(
            "manylinux2010_x86_64", "c533091d8a3bbf7460a00cb6c1a71da93bffe148f172c7d03b1c31fbf8aa2a0b",
            "manylinux2014_aarch64", "54dda940a4a0491a9d1532bf071ea3ef26e6dbaf03b5000ed94dd7174e8f9592",
            "macosx_11_0_arm64", "0b2e143f0fac830156feb56f9231ff8338c20aecfe72b4ffe96f19e5a1dbb69a");

    private LibClang() {}

    /**
     * The library's file.
     *
     * @throws HostException if it can't be fetched; the message says how to name another one
     */
    static Path library() {
        String named = System.getenv("TINYLLM_LIBCLANG");
        if (named != null && !named.isBlank()) {
            return Path.of(named);
        }
        Path folder = MetalFolder.made(MetalFolder.cache().resolve("libclang").resolve(VERSION), LibClang::fetch);
        return folder.resolve(fileName());
    }

    private static String fileName() {
        return isMac() ? "libclang.dylib" : "libclang.so";
    }

    private static boolean isMac() {
        return System.getProperty("os.name", "").startsWith("Mac");
    }

    private static String platform() {
        boolean arm = System.getProperty("os.arch", "").equals("aarch64");
        return isMac() ? "macosx_11_0_arm64" : arm ? "manylinux2014_aarch64" : "manylinux2010_x86_64";
    }

    private static void fetch(Path into) throws IOException {
        String python = System.getenv().getOrDefault("TINYLLM_PYTHON", "python3");
        List<String> command = List.of(
                python,
                "-m",
                "pip",
                "download",
                "--quiet",
                "--disable-pip-version-check",
                "--no-deps",
                "--only-binary=:all:",
                "--platform",
                platform(),
                "--dest",
                into.toString(),
                "libclang==" + VERSION);
        HostCompiler.Output done = HostCompiler.run(command, into);
        Path wheel;
        try (var files = Files.list(into)) {
            wheel = files.filter(f -> f.toString().endsWith(".whl")).findFirst().orElse(null);
        }
        if (done.code() != 0 || wheel == null) {
            throw new HostException("The Metal checker needs libclang " + VERSION + ", and pip can't fetch it ("
                    + done.text().strip().lines().reduce((a, b) -> b).orElse("no answer")
                    + "); name a libclang in TINYLLM_LIBCLANG, or try again with a network");
        }
        String digest = sha256(wheel);
        if (!digest.equals(WHEELS.get(platform()))) {
            throw new HostException(
                    "The wheel libclang " + VERSION + " has the checksum " + digest + ", not the pinned one");
        }
        unpack(wheel, into.resolve(fileName()));
        Files.delete(wheel);
    }

    private static void unpack(Path wheel, Path target) throws IOException {
        try (ZipInputStream zip = new ZipInputStream(Files.newInputStream(wheel))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                if (entry.getName().endsWith("/" + fileName())) {
                    Files.copy(zip, target);
                    return;
                }
            }
        }
        throw new IOException(wheel + " holds no " + fileName());
    }

    private static String sha256(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] buffer = new byte[1 << 16];
            for (int n = in.read(buffer); n > 0; n = in.read(buffer)) {
                digest.update(buffer, 0, n);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
