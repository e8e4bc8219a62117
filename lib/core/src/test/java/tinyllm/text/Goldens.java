package tinyllm.text;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import tools.jackson.databind.json.JsonMapper;

/** Test resources of this package: text, and JSON as maps and lists. */
final class Goldens {
    private static final JsonMapper JSON = new JsonMapper();

    private Goldens() {}

    static String text(String name) {
        try (InputStream in = Goldens.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("no test resource " + name);
            }
            InputStream plain = name.endsWith(".gz") ? new GZIPInputStream(in) : in;
            return new String(plain.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> map(String name) {
        return JSON.readValue(text(name), Map.class);
    }

    @SuppressWarnings("unchecked")
    static List<Object> list(String name) {
        return JSON.readValue(text(name), List.class);
    }

    static String write(Object value) {
        return JSON.writeValueAsString(value);
    }
}
