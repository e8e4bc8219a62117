package tinyllm.weights;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A file that is to be fetched: its length and digest are known before its first byte is.
 *
 * @param kind of the digest
 * @param digest in lower-case hexadecimal
 */
record RemoteFile(String name, long bytes, Kind kind, String digest) {
    /** Large files on a hub have a SHA-256; small ones are git blobs, a SHA-1 over a short header and the content. */
    enum Kind {
        SHA256,
        GIT_BLOB
    }

    RemoteFile {
        if (bytes < 0 || !digest.matches("[0-9a-f]{40,64}")) {
            throw new FetchException("the hub says that " + name + " has " + bytes + " bytes and the digest \"" + digest
                    + "\"; a download can't be checked with that");
        }
    }

    /** true when the file's content has the digest. */
    boolean matches(Path file) throws IOException {
        return digestOf(file).equals(digest);
    }

    String digestOf(Path file) throws IOException {
        MessageDigest sum = sum(kind == Kind.SHA256 ? "SHA-256" : "SHA-1");
        if (kind == Kind.GIT_BLOB) {
            sum.update(("blob " + Files.size(file) + "\0").getBytes(StandardCharsets.UTF_8));
        }
        byte[] buffer = new byte[1 << 20];
        try (InputStream in = Files.newInputStream(file)) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                sum.update(buffer, 0, n);
            }
        }
        return HexFormat.of().formatHex(sum.digest());
    }

    private static MessageDigest sum(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
