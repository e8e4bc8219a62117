package tinyllm.kernel.host;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A thread's own variables that are read before anything is written into them. They live in registers, where no detector of the run
 * sees them; the compiler does. Only what it is certain of is a finding: what "may be" so stays a warning.
 */
final class UnwrittenVariables {
    private static final Pattern CERTAIN = Pattern.compile(
            "[\u2018'](.+?)[\u2019'] is used uninitialized.*|variable [\u2018'](.+?)[\u2019'] is uninitialized when used here.*");

    private UnwrittenVariables() {}

    static boolean isOne(CompileException.Problem warning) {
        return warning.line() > 0 && CERTAIN.matcher(warning.text()).matches();
    }

    static List<Finding> of(List<CompileException.Problem> warnings) {
        return warnings.stream()
                .filter(UnwrittenVariables::isOne)
                .map(w -> new Finding(Finding.Kind.UNINITIALISED_READ, w.line(), 0, 1, text(w)))
                .distinct()
                .toList();
    }

    private static String text(CompileException.Problem warning) {
        Matcher match = CERTAIN.matcher(warning.text());
        if (!match.matches()) {
            throw new IllegalArgumentException(warning.text());
        }
        String name = match.group(1) != null ? match.group(1) : match.group(2);
        return "a thread reads " + name
                + " before it has written anything into it: variables of a thread start undefined";
    }
}
