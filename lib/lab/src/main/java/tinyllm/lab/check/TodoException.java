package tinyllm.lab.check;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Thrown by a stub that the learner hasn't filled yet; a check shows it as "not solved yet", never as a crash. It carries no
 * stack trace: a cell that reaches a stub shows the one sentence.
 */
public final class TodoException extends RuntimeException {

    private static final long serialVersionUID = 1;

    /** What a stub says inside of a text in C++ or Metal, which no Java compiler sees. */
    private static final Pattern IN_TEXT = Pattern.compile("\\btodo\\(\"([^\"]*)\"\\)");

    /** @param what what is left to write, as one phrase */
    public TodoException(String what) {
        super("not solved yet: " + what, null, false, false);
    }

    /**
     * The source of a kernel, when nothing in it is left to write.
     *
     * @throws TodoException when {@code todo("…")} still stands in it
     */
    public static String refuseIn(String source) {
        Matcher left = IN_TEXT.matcher(source);
        if (left.find()) {
            throw new TodoException(left.group(1));
        }
        return source;
    }
}
