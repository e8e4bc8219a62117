package tinyllm.kernel.check;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tinyllm.kernel.check.Words.Word;

/** Metal's rules that show in the words alone: forbidden C++, reserved names, pointers without an address space. */
public final class MetalRules {
    private static final Map<String, String> FORBIDDEN = new TreeMap<>(Map.ofEntries(
            Map.entry("try", "Metal has no exceptions"),
            Map.entry("catch", "Metal has no exceptions"),
            Map.entry("throw", "Metal has no exceptions"),
            Map.entry("typeid", "Metal has no run-time type information"),
            Map.entry("dynamic_cast", "Metal has no run-time type information"),
            Map.entry("virtual", "Metal has no virtual functions"),
            Map.entry("new", "Metal has no heap: declare an array of fixed size"),
            Map.entry("delete", "Metal has no heap, so there is nothing to free"),
            Map.entry("malloc", "Metal has no heap: declare an array of fixed size"),
            Map.entry("goto", "Metal has no goto"),
            Map.entry("double", "Metal has no double; use float"),
            Map.entry("thread_local", "Metal has no thread_local; a plain variable belongs to its thread"),
            Map.entry("asm", "Metal takes no assembly"),
            Map.entry("printf", "a Metal kernel prints nothing; write to an output"),
            Map.entry("std", "Metal has no std; its functions are in the namespace metal")));

    private static final Set<String> RESERVED = Set.of(
            "kernel",
            "vertex",
            "fragment",
            "device",
            "constant",
            "thread",
            "threadgroup",
            "threadgroup_imageblock",
            "half",
            "bfloat",
            "uint",
            "uchar",
            "ushort",
            "ulong",
            "sampler",
            "texture1d",
            "texture2d",
            "texture3d",
            "texture_buffer",
            "imageblock",
            "patch_control_point",
            "ray_data",
            "object_data",
            "mesh",
            "vec",
            "matrix",
            "metal",
            "packed",
            "access",
            "coherent",
            "simdgroup_matrix",
            "atomic",
            "signed",
            "unsigned",
            "operator",
            "class",
            "template",
            "typename",
            "union",
            "using",
            "namespace",
            "private",
            "public",
            "protected");

    private static final Set<String> TYPES = Set.of(
            "float",
            "half",
            "bfloat",
            "bfloat16_t",
            "int",
            "uint",
            "short",
            "ushort",
            "char",
            "uchar",
            "long",
            "ulong",
            "bool",
            "size_t",
            "int8_t",
            "uint8_t",
            "int16_t",
            "uint16_t",
            "int32_t",
            "uint32_t",
            "int64_t",
            "uint64_t",
            "float2",
            "float3",
            "float4",
            "half2",
            "half3",
            "half4",
            "bfloat2",
            "bfloat4",
            "int2",
            "int3",
            "int4",
            "uint2",
            "uint3",
            "uint4",
            "uchar2",
            "uchar4",
            "ushort2",
            "ushort4",
            "T",
            "U",
            "void");

    private static final Set<String> SPACES = Set.of("device", "constant", "threadgroup", "thread");
    private static final Pattern TEMPLATE_TYPE = Pattern.compile("\\b(?:typename|class|using)\\s+(\\w+)");
    private static final Pattern LAMBDA =
            Pattern.compile("\\[\\s*[&=]?\\s*[\\w,&\\s]*]\\s*\\([^()]*\\)\\s*(?:->\\s*\\w+\\s*)?\\{");
    private static final Pattern INCLUDE = Pattern.compile("^\\s*#\\s*include\\s*(.*)$");

    private MetalRules() {}

    /**
     * The problems of a text, by line.
     *
     * @param code without comments, in its own lines
     * @param inside whether it is the body of a kernel, else helper functions
     */
    static List<Problem> check(String code, int firstLine, boolean inside) {
        List<Problem> problems = new ArrayList<>();
        List<Word> words = Words.of(code, firstLine);
        Set<String> types = new java.util.HashSet<>(TYPES);
        Matcher own = TEMPLATE_TYPE.matcher(code);
        while (own.find()) {
            types.add(own.group(1));
        }
        for (int i = 0; i < words.size(); i++) {
            forbidden(words, i, problems);
            reserved(words, i, types, problems);
            unplacedPointer(words, i, types, problems);
            if (inside && words.get(i).text().equals("static") && !isConstant(words, i)) {
                problems.add(new Problem(
                        words.get(i).line(), "a kernel has no static variables; use threadgroup memory or an output"));
            }
        }
        lines(code, firstLine, problems);
        return problems;
    }

    private static void forbidden(List<Word> words, int i, List<Problem> problems) {
        Word word = words.get(i);
        String why = FORBIDDEN.get(word.text());
        boolean member = i > 0 && words.get(i - 1).text().equals(".");
        if (why != null && !member) {
            problems.add(new Problem(word.line(), word.text() + ": " + why));
        }
        if (word.isName()
                && (word.text().startsWith("__")
                        || word.text().toLowerCase(java.util.Locale.ROOT).startsWith("tinyllm"))) {
            problems.add(new Problem(
                    word.line(), word.text() + ": names that start so belong to the compiler and to the hosts"));
        }
    }

    // float half = 1; int kernel[4]; void device(…)
    private static void reserved(List<Word> words, int i, Set<String> types, List<Problem> problems) {
        if (i == 0 || i + 1 >= words.size() || !types.contains(words.get(i - 1).text())) {
            return;
        }
        Word word = words.get(i);
        boolean declared = "=;,[({)".contains(words.get(i + 1).text());
        boolean isType = words.get(i - 1).text().matches("unsigned|signed");
        if (declared && !isType && RESERVED.contains(word.text())) {
            problems.add(new Problem(word.line(), word.text() + " is a word of Metal's own and can't be a name"));
        }
        if (declared && Attributes.KNOWN.contains(word.text())) {
            problems.add(new Problem(
                    word.line(),
                    word.text() + " is an attribute that the kernel is given; it can't be declared again"));
        }
    }

    // float* p and const float& v say no address space; auto takes the one of its value.
    private static void unplacedPointer(List<Word> words, int i, Set<String> types, List<Problem> problems) {
        String sign = words.get(i).text();
        boolean pointer = (sign.equals("*") || sign.equals("&"))
                && i > 0
                && types.contains(words.get(i - 1).text());
        if (!pointer || i + 1 >= words.size()) {
            return;
        }
        int start = i - 1;
        boolean placed = false;
        while (start > 0
                && (words.get(start - 1).text().matches("const|volatile|unsigned|signed")
                        || SPACES.contains(words.get(start - 1).text()))) {
            start--;
            placed |= SPACES.contains(words.get(start).text());
        }
        placed |= start + 1 < i && words.subList(start, i).stream().anyMatch(w -> SPACES.contains(w.text()));
        String before = start > 0 ? words.get(start - 1).text() : ";";
        boolean declares = ";{}(,<".contains(before) && !"=".equals(before);
        if (declares && !placed) {
            problems.add(new Problem(
                    words.get(i).line(),
                    "a " + (sign.equals("*") ? "pointer" : "reference") + " to "
                            + words.get(i - 1).text()
                            + " needs an address space: device, constant, threadgroup or thread"));
        }
    }

    private static boolean isConstant(List<Word> words, int i) {
        return i + 1 < words.size() && words.get(i + 1).text().matches("constexpr|constant|const");
    }

    private static void lines(String code, int firstLine, List<Problem> problems) {
        String[] lines = code.split("\n", -1);
        for (int i = 0; i < lines.length; i++) {
            Matcher include = INCLUDE.matcher(lines[i]);
            if (include.matches() && !include.group(1).contains("metal_")) {
                problems.add(new Problem(firstLine + i, "a kernel includes nothing but Metal's own headers"));
            }
        }
        Matcher lambda = LAMBDA.matcher(code);
        while (lambda.find()) {
            int line = firstLine
                    + (int) code.substring(0, lambda.start())
                            .chars()
                            .filter(c -> c == '\n')
                            .count();
            problems.add(new Problem(line, "Metal has no lambdas; write a function before the kernel"));
        }
    }
}
