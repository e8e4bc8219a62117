package tinyllm.kernel;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tinyllm.kernel.host.CodeText;

/**
 * Metal's helper functions run on the GPU without a word; CUDA's need {@code __device__}. MLX compiles kernels without NVRTC's switch
 * for that, so the word is put before every function of the text, and {@code __constant__} before tables.
 */
final class DeviceFunctions {
    private static final Pattern SCOPE =
            Pattern.compile("^\\s*(?:template\\s*<[^{;]*>\\s*)?(?:struct|class|union|namespace)\\b[^(){;]*$");
    private static final Pattern TEMPLATE = Pattern.compile("^\\s*template\\s*<[^(){;]*?>\\s*(?=[A-Za-z_])");
    private static final Pattern TABLE = Pattern.compile("\\bconstant\\b");

    private DeviceFunctions() {}

    static String mark(String header) {
        String code = CodeText.withoutComments(header);
        StringBuilder out = new StringBuilder();
        int start = 0;
        int i = 0;
        while (i < code.length()) {
            char c = code.charAt(i);
            if (c == '#' && code.substring(start, i).isBlank()) {
                int end = code.indexOf('\n', i);
                i = end < 0 ? code.length() : end;
                out.append(header, start, i);
                start = i;
            } else if (c == '{' && SCOPE.matcher(code.substring(start, i)).matches()) {
                i++;
                out.append(header, start, i);
                start = i;
            } else if (c == '{' || c == ';') {
                String item = code.substring(start, i);
                int end = c == '{' ? CodeText.closing(code, i) : i + 1;
                out.append(
                        item.contains("(") && !item.contains("=")
                                ? function(header, code, start, end)
                                : table(header.substring(start, end)));
                start = end;
                i = end;
            } else {
                i++;
                if (c == '}') {
                    out.append(header, start, i);
                    start = i;
                }
            }
        }
        return out.append(header.substring(start)).toString();
    }

    private static String function(String header, String code, int start, int end) {
        String item = code.substring(start, end);
        Matcher template = TEMPLATE.matcher(item);
        int at = start;
        if (template.find()) {
            at = start + template.end();
        } else {
            while (at < end && Character.isWhitespace(code.charAt(at))) {
                at++;
            }
        }
        return header.substring(start, at) + "__device__ " + header.substring(at, end);
    }

    private static String table(String item) {
        return TABLE.matcher(item).replaceFirst("__constant__");
    }
}
