package tinyllm.lab.kernel;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * What every notebook has imported before its first cell: the lines of {@code imports.jshell}. A file, because IJava's kernelspec
 * names it as a startup script.
 */
public final class Imports {

    private static final String FILE = "imports.jshell";
    private static final String MORE = "META-INF/tinyllm/imports.jshell";

    private Imports() {}

    /**
     * What other modules on the class path add, one snippet each: the server offers {@code serve}, and this module does not know it. A file
     * of this name in a jar says so.
     */
    public static List<String> more() {
        try {
            List<String> more = new ArrayList<>();
            for (URL file : Collections.list(Imports.class.getClassLoader().getResources(MORE))) {
                try (InputStream in = file.openStream()) {
                    more.addAll(new String(in.readAllBytes(), StandardCharsets.UTF_8)
                            .lines()
                            .toList());
                }
            }
            return more;
        } catch (IOException e) {
            throw new UncheckedIOException(MORE + " can't be read: " + e, e);
        }
    }

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
