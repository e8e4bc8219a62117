package tinyllm.lab.kernel;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * What every notebook has imported before its first cell: the lines of {@code imports.jshell}. A file, because IJava's kernelspec
 * names it as a startup script.
 */
public final class Imports {

    private static final String FILE = "imports.jshell";

    private Imports() {}

    /** The import lines as one snippet. */
    public static String source() {
        try (InputStream in = Imports.class.getResourceAsStream(FILE)) {
            if (in == null) {
                throw new IllegalStateException(FILE + " is missing beside " + Imports.class.getName());
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(FILE + " can't be read: " + e, e);
        }
    }
}
