package tinyllm.lab.check;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import jdk.jshell.spi.SPIResolutionException;
import tinyllm.lab.view.Notebook;

/** Says in one sentence what was thrown, and where in the learner's cell, without the names that only a JVM needs. */
public final class Thrown {

    private static final String CELL_CLASS = "REPL.";
    private static final Pattern CELL_PACKAGE = Pattern.compile("\\bREPL\\.\\$JShell\\$\\w+\\$");
    private static final Pattern PACKAGE =
            Pattern.compile("\\b(?:java|javax|jdk|sun|org|tech|tinyllm)\\.(?:[a-z]\\w*\\.)*(?=[A-Z])");
    private static final Pattern MODULES = Pattern.compile(" \\([^()]*\\b(?:module|loader)\\b[^()]*\\)");

    /** A cell is compiled without its variables' names, which the JVM then numbers. */
    private static final Pattern NAMELESS = Pattern.compile("\"<local\\d+>(\\[[^\"]*\\])?\"");

    private Thrown() {}

    /** One sentence. */
    public static String describe(Throwable thrown) {
        if (thrown instanceof StackOverflowError) {
            return "the calls are nested too deeply (StackOverflowError): a method calls itself for ever"
                    + where(thrown) + ".";
        }
        if (thrown instanceof OutOfMemoryError) {
            return "the Java heap is full (OutOfMemoryError)" + where(thrown) + ".";
        }
        if (thrown instanceof SPIResolutionException) {
            return unresolved(thrown);
        }
        String name = thrown.getClass().getSimpleName();
        String message = handed(thrown).orElseGet(() -> clean(thrown.getMessage() == null ? "" : thrown.getMessage()));
        return (message.isEmpty() ? name : name + ": " + message) + where(thrown);
    }

    /** JShell takes a class that uses an unknown name, and throws this from its constructor and methods. */
    private static String unresolved(Throwable thrown) {
        String type = Arrays.stream(thrown.getStackTrace())
                .filter(Thrown::isCell)
                .findFirst()
                .map(frame -> simpleName(frame.getClassName()))
                .orElse("a class");
        List<String> found = Notebook.current().unresolved(type);
        return "%s does not compile as a whole, %s. Is it a slip of the keyboard, or is an import missing?"
                .formatted(type, found.isEmpty() ? "a name in it is not known" : String.join("; ", found));
    }

    /** A null that a cell hands to the library is the cell's, whatever the library calls it. */
    private static Optional<String> handed(Throwable thrown) {
        List<StackTraceElement> frames = Arrays.asList(thrown.getStackTrace());
        Optional<StackTraceElement> cell =
                frames.stream().filter(Thrown::isCell).findFirst();
        int at = cell.map(frames::indexOf).orElse(0);
        if (!(thrown instanceof NullPointerException) || at == 0) {
            return Optional.empty();
        }
        StackTraceElement called = frames.get(at - 1);
        return Optional.of("null was handed to " + simpleName(called.getClassName()) + "." + called.getMethodName());
    }

    private static String clean(String message) {
        String cell = CELL_PACKAGE.matcher(message).replaceAll("");
        String plain = MODULES.matcher(PACKAGE.matcher(cell).replaceAll("")).replaceAll("");
        return NAMELESS.matcher(plain).replaceAll("a variable");
    }

    /** The innermost frame of a cell: " (in MyAttention.weights)". */
    private static String where(Throwable thrown) {
        return Arrays.stream(thrown.getStackTrace())
                .filter(Thrown::isCell)
                .findFirst()
                .map(frame -> " (in " + simpleName(frame.getClassName()) + "." + method(frame) + ")")
                .orElse("");
    }

    /**
     * JShell's classes, and others that no class path holds: they have no module, and a loader without a name. A kernel loads
     * the library that way, too.
     */
    private static boolean isCell(StackTraceElement frame) {
        return frame.getClassName().startsWith(CELL_CLASS)
                || (frame.getModuleName() == null
                        && frame.getClassLoaderName() == null
                        && !frame.getClassName().startsWith("jdk.")
                        && !frame.getClassName().startsWith("tinyllm."));
    }

    /** The method that a lambda stands in, as its author knows it. */
    private static String method(StackTraceElement frame) {
        String name = frame.getMethodName();
        String[] parts = name.split("\\$");
        return name.startsWith("lambda$") && parts.length > 1 ? parts[1] : name;
    }

    private static String simpleName(String name) {
        return name.substring(Math.max(name.lastIndexOf('$'), name.lastIndexOf('.')) + 1);
    }
}
