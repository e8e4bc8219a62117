package tinyllm.server.http;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The lines of a request's header, in their order. Names are compared without regard to case.
 *
 * @param lines as they came
 */
public record Headers(List<Header> lines) {

    public Headers {
        lines = List.copyOf(lines);
    }

    /** The first line's value; null when there is none. */
    public @Nullable String first(String name) {
        for (Header line : lines) {
            if (line.name().equalsIgnoreCase(name)) {
                return line.value();
            }
        }
        return null;
    }

    /** The values of all lines of this name. */
    public List<String> all(String name) {
        return lines.stream()
                .filter(line -> line.name().equalsIgnoreCase(name))
                .map(Header::value)
                .toList();
    }
}
