package tinyllm.lab.mutation;

import java.util.Optional;
import java.util.regex.Pattern;
import tinyllm.lab.check.CheckResult;
import tinyllm.lab.check.Outcome;

/** What a check's message is for every wrong answer: sentences for a learner, with something to go by, and no stack trace. */
final class Readable {

    private static final int LONGEST = 500;
    private static final Pattern TRACE =
            Pattern.compile("\\n\\s*at |Caused by:|\\.java:\\d+|@[0-9a-f]{5,}|\\$\\$|Proxy\\d|<local");
    private static final Pattern PACKAGE = Pattern.compile("\\b(?:java|jdk|tinyllm|org)\\.\\w+\\.");
    private static final Pattern LEFT_OPEN = Pattern.compile("\\{(?:index|row|column|expected|actual)}");

    private Readable() {}

    /** What is wrong with the message of a refused answer; empty when it reads well. */
    static Optional<String> problem(CheckResult result) {
        String message = result.message();
        String why = "";
        if (result.outcome() == Outcome.UNCHECKABLE) {
            why = "the check itself failed";
        } else if (message.isBlank() || message.length() > LONGEST) {
            why = "its length is " + message.length();
        } else if (TRACE.matcher(message).find() || PACKAGE.matcher(message).find()) {
            why = "Java's own words";
        } else if (LEFT_OPEN.matcher(message).find()) {
            why = "a placeholder was not filled";
        } else if (result.outcome() == Outcome.INCORRECT && result.mistake() == null && !placed(message)) {
            why = "no case, place, shape or value";
        }
        return why.isEmpty() ? Optional.empty() : Optional.of(why + ": " + message);
    }

    private static boolean placed(String message) {
        return message.startsWith("Case \"") && message.matches("(?s).*(?:\\d|null|expected|should be refused).*");
    }
}
