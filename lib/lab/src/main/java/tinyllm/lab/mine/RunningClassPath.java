package tinyllm.lab.mine;

import java.io.File;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Set;

/** What this process runs on: the JVM's class path, and the one that the notebook's kernel adds to its own jar. */
public final class RunningClassPath {

    private RunningClassPath() {}

    /** The entries, joined as {@code -classpath} takes them. */
    public static String text() {
        Set<String> entries = new LinkedHashSet<>();
        add(System.getenv("JJAVA_CLASSPATH"), entries);
        add(System.getenv("IJAVA_CLASSPATH"), entries);
        add(System.getProperty("java.class.path"), entries);
        return String.join(File.pathSeparator, entries);
    }

    private static void add(@org.jspecify.annotations.Nullable String path, Set<String> entries) {
        if (path != null && !path.isBlank()) {
            Arrays.stream(path.split(File.pathSeparator))
                    .filter(entry -> !entry.isBlank())
                    .forEach(entries::add);
        }
    }
}
