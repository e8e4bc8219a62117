package tinyllm.server.http;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The secret that a client shows in the header {@code Authorization}. Comparing takes as long for a wrong key as for the right one. */
public final class ApiKey {

    private static final int LEAST = 8;

    private final byte[] digest;

    private ApiKey(String key) {
        this.digest = sha256(key);
    }

    /** @throws IllegalArgumentException when it is shorter than 8 characters, or no header could carry it */
    public static ApiKey of(String key) {
        if (key.length() < LEAST || !key.chars().allMatch(c -> c > ' ' && c < 127)) {
            throw new IllegalArgumentException("an API key has " + LEAST
                    + " visible ASCII characters or more and no blanks, but this one is no such text of "
                    + key.length());
        }
        return new ApiKey(key);
    }

    /** The key that is a file's only line. */
    public static ApiKey read(Path file) throws IOException {
        try {
            return of(Files.readString(file).strip());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("the file " + file + " holds no key: " + e.getMessage(), e);
        }
    }

    /**
     * Whether a header shows this key: {@code Bearer KEY}, or, for a browser that asks its user, {@code Basic} with the key as the
     * password of any user.
     */
    public boolean matches(@Nullable String authorization) {
        String shown = authorization == null ? "" : key(authorization.strip());
        return MessageDigest.isEqual(digest, sha256(shown));
    }

    private static String key(String authorization) {
        int blank = authorization.indexOf(' ');
        if (blank < 0) {
            return "";
        }
        String value = authorization.substring(blank + 1).strip();
        return switch (authorization.substring(0, blank).toLowerCase(Locale.ROOT)) {
            case "bearer" -> value;
            case "basic" -> password(value);
            default -> "";
        };
    }

    private static String password(String credentials) {
        try {
            String text = new String(Base64.getDecoder().decode(credentials), StandardCharsets.UTF_8);
            return text.substring(text.indexOf(':') + 1);
        } catch (IllegalArgumentException e) {
            return "";
        }
    }

    private static byte[] sha256(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
