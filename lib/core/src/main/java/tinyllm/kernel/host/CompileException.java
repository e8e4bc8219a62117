package tinyllm.kernel.host;

import java.util.List;
import java.util.stream.Collectors;

/** A kernel that the compiler refuses; the message names the lines of the kernel's own source. */
public class CompileException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** One error or warning; line 0 if it is not in the kernel's source. */
    public record Problem(int line, int column, String text) {
        public String sentence() {
            return line > 0 ? "line " + line + ": " + text : text;
        }
    }

    private final transient List<Problem> problems;

    public CompileException(String name, List<Problem> problems) {
        super("The kernel " + name + " does not compile:\n"
                + problems.stream().limit(8).map(Problem::sentence).collect(Collectors.joining("\n")));
        this.problems = List.copyOf(problems);
    }

    public List<Problem> problems() {
        return problems;
    }
}
