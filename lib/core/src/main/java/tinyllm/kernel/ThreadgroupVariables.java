package tinyllm.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tinyllm.kernel.host.CodeText;

/**
 * {@code threadgroup float tile[32][33];} declares memory that all threads of a group share, {@code threadgroup float* p} a pointer
 * into it. C++ and CUDA have no word for both, so the declarations of variables become a macro of the host's header; pointers stay,
 * and there the word means nothing.
 */
final class ThreadgroupVariables {
    private static final Pattern WORD = Pattern.compile("\\bthreadgroup\\b");
    private static final Pattern TYPE = Pattern.compile(
            "\\s*((?:const\\s+|volatile\\s+)*(?:unsigned\\s+|signed\\s+)?[A-Za-z_][\\w]*(?:::[A-Za-z_]\\w*)*\\s*)");
    private static final Pattern DECLARATOR = Pattern.compile("\\s*([A-Za-z_]\\w*)\\s*((?:\\[[^\\]]*]\\s*)*)([,;=])");

    private ThreadgroupVariables() {}

    /** Body with its declarations as {@code TINYLLM_THREADGROUP(name, line, type)}, each on its old line. */
    static String asMacros(KernelSource source) {
        String body = source.body();
        String code = CodeText.withoutComments(body);
        StringBuilder out = new StringBuilder();
        int copied = 0;
        Matcher word = WORD.matcher(code);
        while (word.find()) {
            if (word.start() < copied || !startsStatement(code, word.start())) {
                continue;
            }
            int line = source.bodyLine() + CodeText.lines(code, word.start());
            int afterType = typeEnd(code, word.end());
            if (afterType < 0 || next(code, afterType) == '*' || next(code, afterType) == '&') {
                continue;
            }
            out.append(body, copied, word.start());
            String type = code.substring(word.end(), afterType).strip();
            copied = declarations(source, code, type, afterType, line, out);
        }
        return out.append(body.substring(copied)).toString();
    }

    private static int declarations(
            KernelSource source, String code, String type, int from, int line, StringBuilder out) {
        List<String> macros = new ArrayList<>();
        int at = from;
        while (true) {
            Matcher one = DECLARATOR.matcher(code).region(at, code.length());
            if (!one.lookingAt()) {
                throw new KernelException(
                        "line " + line + ": the kernel " + source.name()
                                + " declares threadgroup memory in a way that can't be read; write: threadgroup float tile[32][33];");
            }
            if (one.group(3).equals("=")) {
                throw new KernelException(
                        "line " + line + ": threadgroup memory can't be initialised where it is declared; "
                                + "let one thread write " + one.group(1) + ", then a threadgroup_barrier");
            }
            macros.add("TINYLLM_THREADGROUP(" + one.group(1) + ", " + line + ", " + type
                    + one.group(2).replaceAll("\\s+", "") + ")");
            at = one.end();
            if (one.group(3).equals(";")) {
                out.append(String.join("; ", macros)).append(';');
                out.append("\n".repeat(CodeText.lines(code.substring(from, at), at - from)));
                return at;
            }
        }
    }

    private static boolean startsStatement(String code, int at) {
        int before = at - 1;
        while (before >= 0 && Character.isWhitespace(code.charAt(before))) {
            before--;
        }
        return before < 0 || ";{}".indexOf(code.charAt(before)) >= 0;
    }

    private static int typeEnd(String code, int from) {
        Matcher type = TYPE.matcher(code).region(from, code.length());
        if (!type.lookingAt()) {
            return -1;
        }
        int end = type.end();
        if (end < code.length() && code.charAt(end) == '<') {
            int depth = 0;
            do {
                depth += code.charAt(end) == '<' ? 1 : code.charAt(end) == '>' ? -1 : 0;
                end++;
            } while (depth > 0 && end < code.length());
        }
        return end;
    }

    private static char next(String code, int from) {
        int at = from;
        while (at < code.length() && Character.isWhitespace(code.charAt(at))) {
            at++;
        }
        return at < code.length() ? code.charAt(at) : ';';
    }
}
