package tinyllm.lab;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import tinyllm.lab.mine.Kept;
import tinyllm.lab.mine.RunningClassPath;
import tinyllm.lab.progress.SafeFile;

/**
 * Which kept answers have passed their checks, by a hash of file and library: a command that takes them need not check them again.
 * Losing this file costs seconds, so nothing that goes wrong with it is an error.
 */
final class Passed {

    private final Path file;
    private final Set<String> hashes = new HashSet<>();
    private final byte[] library = fingerprint();

    Passed(Path file) {
        this.file = file;
        try {
            if (Files.isRegularFile(file) && Files.size(file) < 1 << 20) {
                hashes.addAll(Files.readAllLines(file));
            }
        } catch (IOException e) {
            hashes.clear();
        }
    }

    boolean holds(Kept.Answer answer) {
        return hashes.contains(hash(answer));
    }

    void keep(List<Kept.Answer> answers) {
        Set<String> now = new TreeSet<>();
        answers.forEach(answer -> now.add(hash(answer)));
        if (now.equals(hashes)) {
            return;
        }
        try {
            SafeFile.replace(file, (String.join("\n", now) + "\n").getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            // They are checked again next time.
        }
    }

    private String hash(Kept.Answer answer) {
        MessageDigest digest = sha256();
        digest.update(library);
        digest.update(answer.exercise().id().getBytes(StandardCharsets.UTF_8));
        try {
            return HexFormat.of().formatHex(digest.digest(Files.readAllBytes(answer.file())));
        } catch (IOException e) {
            return "";
        }
    }

    /** Names, sizes and times of all that this process runs on. */
    private static byte[] fingerprint() {
        MessageDigest digest = sha256();
        Arrays.stream(RunningClassPath.text().split(java.io.File.pathSeparator)).forEach(entry -> {
            try (Stream<Path> files = Files.walk(Path.of(entry))) {
                files.filter(Files::isRegularFile).sorted().forEach(file -> digest.update(stamp(file)));
            } catch (IOException e) {
                digest.update(entry.getBytes(StandardCharsets.UTF_8));
            }
        });
        return digest.digest();
    }

    private static byte[] stamp(Path file) {
        String text;
        try {
            text = file + " " + Files.size(file) + " " + Files.getLastModifiedTime(file) + "\n";
        } catch (IOException e) {
            text = file + " can't be read\n";
        }
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
