package tinyllm.kernel.host;

/** C++ text without what the compiler does not read. */
public final class CodeText {
    private CodeText() {}

    /** The same length and lines, with blanks in place of comments and of what stands in quotes. */
    public static String withoutComments(String text) {
        StringBuilder out = new StringBuilder(text);
        int i = 0;
        while (i < text.length()) {
            int end = i + 1;
            char c = text.charAt(i);
            boolean comment = text.startsWith("//", i) || text.startsWith("/*", i);
            if (text.startsWith("//", i)) {
                int line = text.indexOf('\n', i);
                end = line < 0 ? text.length() : line;
            } else if (comment) {
                int close = text.indexOf("*/", i + 2);
                end = close < 0 ? text.length() : close + 2;
            } else if (c == '"' || (c == '\'' && !isDigitBefore(text, i))) {
                end = quoted(text, i, c);
            }
            if (comment || end > i + 1) {
                for (int k = i; k < end; k++) {
                    if (text.charAt(k) != '\n') {
                        out.setCharAt(k, ' ');
                    }
                }
            }
            i = end;
        }
        return out.toString();
    }

    private static boolean isDigitBefore(String text, int at) {
        return at > 0 && Character.isLetterOrDigit(text.charAt(at - 1));
    }

    private static int quoted(String text, int start, char quote) {
        for (int i = start + 1; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\') {
                i++;
            } else if (c == quote) {
                return i + 1;
            } else if (c == '\n') {
                return i;
            }
        }
        return text.length();
    }

    /** Line breaks before position at. */
    public static int lines(String text, int at) {
        return (int) text.substring(0, at).chars().filter(c -> c == '\n').count();
    }

    /** Behind the brace that closes the one at position open. */
    public static int closing(String code, int open) {
        int depth = 0;
        for (int i = open; i < code.length(); i++) {
            depth += code.charAt(i) == '{' ? 1 : code.charAt(i) == '}' ? -1 : 0;
            if (depth == 0) {
                return i + 1;
            }
        }
        return code.length();
    }
}
