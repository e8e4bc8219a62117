package tinyllm.lab.kernel;

import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tinyllm.lab.view.Rich;

/** What the lab needs of a notebook kernel; each kernel has one thin adapter that says how. */
interface Kernel {

    /** How values of this type, and of its subtypes, are shown as a cell's result. */
    <T> void renderer(Class<T> type, Function<T, Rich> forms);

    /** Shows a value below the running cell; under a fresh id when {@link #update} is to replace it, else with null. */
    void display(Rich value, @Nullable String id);

    /** Replaces what was shown under this id. */
    void update(String id, Rich value);

    /** The sources of the live snippets, oldest first. */
    List<String> snippets();

    /** What keeps the class of this name from being used, "cannot find symbol: variable sum"; empty when nothing does. */
    List<String> unresolved(String type);

    /** Whether a cell runs, which can show something. */
    boolean isAttached();

    /** How the names of the threads begin that run cells. */
    String cellThreads();

    /** Writes a line to the running cell's error stream; without a cell nothing happens. */
    void warn(String line);
}
