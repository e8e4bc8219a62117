package tinyllm.lab.mutation;

import java.util.Comparator;
import java.util.List;

/**
 * One replacement in a source.
 *
 * @param from offset of the first character to go
 * @param to offset after the last one
 * @param text what comes instead
 */
record Edit(int from, int to, String text) {

    boolean overlaps(Edit other) {
        return from < other.to && other.from < to;
    }

    String on(String source) {
        return source.substring(0, from) + text + source.substring(to);
    }

    /** All edits at once; none may overlap another. */
    static String all(String source, List<Edit> edits) {
        List<Edit> lastFirst = edits.stream()
                .sorted(Comparator.comparingInt(Edit::from).reversed())
                .toList();
        String result = source;
        for (Edit edit : lastFirst) {
            result = edit.on(result);
        }
        return result;
    }
}
