package tinyllm.kernel;

import tinyllm.kernel.host.MetalFolder;

/** A kernel for MLX's {@code cuda_kernel}: one text without includes of our own, since NVRTC knows no folder of ours. */
final class CudaText {
    private CudaText() {}

    /** Metal's names over CUDA, then the kernel's helper functions. */
    static String header(KernelSource source) {
        StringBuilder text = new StringBuilder();
        for (String line : MetalFolder.text("cuda/metal_cuda.h").split("\n", -1)) {
            text.append(line.startsWith("#include \"../common/") ? common(line) : line)
                    .append('\n');
        }
        return text + GpuRun.placed(1, source.header());
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
        StringBuilder text = new StringBuilder();
        for (KernelSignature.Parameter p : signature.inputs()) {
            if (p.isScalar()) {
                text.append("  const %s& %s = *%s;\n".formatted(p.type(), p.name(), pointerName(p.name())));
            }
        }
        signature
                .attributes()
                .forEach(a -> text.append("  const %s %s = tinyllm::%s();\n".formatted(a.type(), a.word(), a.word())));
        return text + "{" + GpuRun.placed(source.bodyLine(), ThreadgroupVariables.asMacros(source)) + "}\n";
    }

    static String pointerName(String scalar) {
        return scalar + "_pointer";
    }
}
