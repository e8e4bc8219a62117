package tinyllm.lab.kernel;

import java.util.List;
import java.util.stream.Collectors;

/** What every notebook has imported before its first cell. */
public final class Imports {

    private static final List<String> DEFAULT = List.of(
            "static tinyllm.lab.Lab.*",
            "tinyllm.tensor.*",
            "tinyllm.nn.*",
            "tinyllm.model.*",
            "tinyllm.text.*",
            "tinyllm.sampling.*",
            "tinyllm.engine.*",
            "tinyllm.weights.format.*",
            "tinyllm.lab.*",
            "tinyllm.lab.view.*",
            "tech.tablesaw.api.Table",
            "java.util.*",
            "java.util.function.*",
            "java.util.stream.*");

    private Imports() {}

    /** Names to import, without the keyword. */
    public static List<String> names() {
        return DEFAULT;
    }

    /** The import lines as one snippet. */
    public static String source() {
        return DEFAULT.stream().map(name -> "import " + name + ";").collect(Collectors.joining("\n"));
    }
}
