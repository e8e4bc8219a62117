package tinyllm.kernel;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tinyllm.kernel.host.CodeText;
import tinyllm.kernel.host.MetalFolder;

/** A kernel for MLX's {@code cuda_kernel}: one text without includes of our own, since NVRTC knows no folder of ours. */
final class CudaText {
    // CUDA has functions of these names too, and MLX some; in the body Metal's come first.
    private static final String METAL_FIRST = Stream.of(
                    "abs",
                    "ceil",
                    "clamp",
                    "cos",
                    "exp",
                    "exp2",
                    "fabs",
                    "floor",
                    "fma",
                    "fmax",
                    "fmin",
                    "isfinite",
                    "isinf",
                    "isnan",
                    "log",
                    "log2",
                    "max",
                    "min",
                    "pow",
                    "round",
                    "rsqrt",
                    "select",
                    "sin",
                    "sqrt",
                    "tanh")
            .map(name -> "  using metal::" + name + ";\n")
            .collect(Collectors.joining());

    private static final Pattern SPACES = Pattern.compile("\\b(?:device|constant|threadgroup|thread)\\b");

    private CudaText() {}

    /** Metal's names over CUDA, then the kernel's helper functions. */
    static String header(KernelSource source) {
        StringBuilder text = new StringBuilder();
        for (String line : MetalFolder.text("cuda/metal_cuda.h").split("\n", -1)) {
            text.append(line.startsWith("#include \"../common/") ? common(line) : line)
                    .append('\n');
        }
        return text + GpuRun.placed(1, withoutSpaces(DeviceFunctions.mark(source.header())));
    }

    private static String common(String include) {
        String file = include.substring(include.indexOf("common/"), include.lastIndexOf('"'));
        StringBuilder text = new StringBuilder();
        for (String line : MetalFolder.text(file).split("\n", -1)) {
            boolean own = line.startsWith("#include \"metal_") || line.startsWith("#pragma once");
            text.append(own ? nested(line) : line).append('\n');
        }
        return text.toString();
    }

    private static String nested(String line) {
        return line.startsWith("#include") ? common(line.replace("\"metal_", "\"../common/metal_")) : "";
    }

    /** The body; Metal's scalars are references, CUDA's pointers. */
    static String body(KernelSource source, KernelSignature signature) {
        StringBuilder text = new StringBuilder(METAL_FIRST);
        for (KernelSignature.Parameter p : signature.inputs()) {
            if (p.isScalar()) {
                text.append("  const %s& %s = *%s;\n".formatted(p.type(), p.name(), pointerName(p.name())));
            }
        }
        signature
                .attributes()
                .forEach(a -> text.append("  const %s %s = tinyllm::%s();\n".formatted(a.type(), a.word(), a.word())));
        return text + "{" + GpuRun.placed(source.bodyLine(), withoutSpaces(ThreadgroupVariables.asMacros(source)))
                + "}\n";
    }

    // The words can't be macros there: CUDA's __device__ is made of the word device.
    private static String withoutSpaces(String text) {
        StringBuilder out = new StringBuilder(text);
        Matcher word = SPACES.matcher(CodeText.withoutComments(text));
        while (word.find()) {
            for (int i = word.start(); i < word.end(); i++) {
                out.setCharAt(i, ' ');
            }
        }
        return out.toString();
    }

    static String pointerName(String scalar) {
        return scalar + "_pointer";
    }
}
