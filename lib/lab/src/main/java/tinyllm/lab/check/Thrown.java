package tinyllm.lab.check;

import java.util.Arrays;

/** Says in one sentence what was thrown, and where in the learner's cell. */
final class Thrown {

    private static final String CELL_CLASS = "REPL.";

    private Thrown() {}

    static String describe(Throwable thrown) {
        if (thrown instanceof StackOverflowError) {
            return "the calls are nested too deeply (StackOverflowError): a method calls itself for ever"
                    + where(thrown) + ".";
        }
        if (thrown instanceof OutOfMemoryError) {
            return "the Java heap is full (OutOfMemoryError)" + where(thrown) + ".";
        }
        String message = thrown.getMessage();
        return thrown.getClass().getSimpleName() + (message == null ? "" : ": " + message) + where(thrown);
    }

    /** The innermost frame of a cell: " (in MyAttention.weights)". */
    private static String where(Throwable thrown) {
        return Arrays.stream(thrown.getStackTrace())
                .filter(frame -> frame.getClassName().startsWith(CELL_CLASS))
                .findFirst()
                .map(frame -> " (in " + simpleName(frame.getClassName()) + "." + frame.getMethodName() + ")")
                .orElse("");
    }

    private static String simpleName(String name) {
        return name.substring(Math.max(name.lastIndexOf('$'), name.lastIndexOf('.')) + 1);
    }
}
