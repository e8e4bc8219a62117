package tinyllm.kernel.check;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tinyllm.kernel.host.CodeText;

/** Casts from one address space to another before a name: clang takes them in C style, Metal does not. */
final class SpaceCasts {
    private static final String SPACE = "\\b(device|constant|threadgroup)\\s+";
    private static final String TYPE = "(?:const\\s+)?[A-Za-z_][\\w:]*(?:\\s*<[^;(){}]*?>)?";
    private static final Pattern DECLARED =
            Pattern.compile(SPACE + TYPE + "\\s*[*&]?\\s*(?:const\\s+)?([A-Za-z_]\\w*)\\s*[;=,\\[)]");
    private static final Pattern CAST =
            Pattern.compile("\\(\\s*(?:const\\s+)?" + SPACE + TYPE + "\\s*\\*\\s*\\)\\s*&?\\s*([A-Za-z_]\\w*)");

    private SpaceCasts() {}

    /**
     * The bad casts of a body.
     *
     * @param parameters the kernel's inputs and outputs with their address spaces
     */
    static List<Problem> check(String code, int firstLine, Map<String, String> parameters) {
        Map<String, String> spaces = new HashMap<>(parameters);
        Matcher declared = DECLARED.matcher(code);
        while (declared.find()) {
            spaces.put(declared.group(2), declared.group(1));
        }
        List<Problem> problems = new ArrayList<>();
        Matcher cast = CAST.matcher(code);
        while (cast.find()) {
            String from = spaces.get(cast.group(2));
            if (from != null && !from.equals(cast.group(1))) {
                problems.add(new Problem(
                        firstLine + CodeText.lines(code, cast.start()),
                        cast.group(2) + " is in " + from + " memory; a cast can't move it to " + cast.group(1)));
            }
        }
        return problems;
    }
}
