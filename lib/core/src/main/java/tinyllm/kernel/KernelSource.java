package tinyllm.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One kernel of a Metal source: what stands before the first kernel (helper functions, MLX's header), and the kernel's body.
 *
 * <p>A file holds helper functions first, then bodies, each between {@code // BEGIN KERNEL name} and {@code // END KERNEL}. A text
 * without these marks is one body with no helpers.
 *
 * @param name the kernel's
 * @param header helper functions, from the text's first line on
 * @param body what stands in the kernel function
 * @param bodyLine the line of the text on which the body starts, from 1
 */
public record KernelSource(String name, String header, String body, int bodyLine) {
    private static final Pattern BEGIN = Pattern.compile("^\\s*//\\s*BEGIN KERNEL\\s+(\\S+)\\s*$");
    private static final Pattern END = Pattern.compile("^\\s*//\\s*END KERNEL\\s*$");
    private static final Pattern NAME = Pattern.compile("[A-Za-z][A-Za-z0-9_]*");

    /** All kernels of a text, in order. */
    public static List<KernelSource> all(String text) {
        String[] lines = text.split("\n", -1);
        List<KernelSource> kernels = new ArrayList<>();
        StringBuilder header = new StringBuilder();
        int line = 0;
        while (line < lines.length) {
            Matcher begin = BEGIN.matcher(lines[line]);
            if (begin.matches()) {
                int end = end(lines, line, begin.group(1));
                String body = String.join("\n", List.of(lines).subList(line + 1, end)) + "\n";
                kernels.add(named(begin.group(1), header.toString(), body, line + 2, kernels));
                line = end;
            } else if (END.matcher(lines[line]).matches()) {
                throw new KernelException("line " + (line + 1) + ": END KERNEL without a BEGIN KERNEL before it");
            } else if (kernels.isEmpty()) {
                header.append(lines[line]).append('\n');
            } else if (!lines[line].isBlank() && !lines[line].strip().startsWith("//")) {
                throw new KernelException("line " + (line + 1)
                        + ": code stands after a kernel; helper functions come before the first BEGIN KERNEL");
            }
            line++;
        }
        return kernels.isEmpty() ? List.of(new KernelSource("kernel", "", text, 1)) : List.copyOf(kernels);
    }

    /** The only kernel of a text. */
    public static KernelSource only(String text) {
        List<KernelSource> kernels = all(text);
        if (kernels.size() != 1) {
            throw new KernelException("The text holds the kernels " + names(kernels) + ": say which one");
        }
        return kernels.getFirst();
    }

    /** The kernel of that name. */
    public static KernelSource named(String text, String name) {
        List<KernelSource> kernels = all(text);
        return kernels.stream()
                .filter(k -> k.name.equals(name))
                .findFirst()
                .orElseThrow(() ->
                        new KernelException("There is no kernel " + name + " in the text; it holds " + names(kernels)));
    }

    private static KernelSource named(
            String name, String header, String body, int bodyLine, List<KernelSource> before) {
        if (!NAME.matcher(name).matches()) {
            throw new KernelException("line " + (bodyLine - 1) + ": " + name + " is no name for a kernel");
        }
        if (before.stream().anyMatch(k -> k.name.equals(name))) {
            throw new KernelException("line " + (bodyLine - 1) + ": there are two kernels " + name);
        }
        return new KernelSource(name, header, body, bodyLine);
    }

    private static int end(String[] lines, int begin, String name) {
        for (int i = begin + 1; i < lines.length; i++) {
            if (END.matcher(lines[i]).matches()) {
                return i;
            }
            if (BEGIN.matcher(lines[i]).matches()) {
                break;
            }
        }
        throw new KernelException("line " + (begin + 1) + ": the kernel " + name + " has no END KERNEL");
    }

    private static String names(List<KernelSource> kernels) {
        return String.join(", ", kernels.stream().map(KernelSource::name).toList());
    }
}
