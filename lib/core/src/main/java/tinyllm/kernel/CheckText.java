package tinyllm.kernel;

import tinyllm.kernel.host.HostCompiler;

/** A kernel as clang reads it for the checker: MLX's function with address spaces on every parameter. */
final class CheckText {
    private CheckText() {}

    static String of(KernelSource source, KernelSignature signature) {
        StringBuilder text = new StringBuilder("#include \"metal_check.h\"\n");
        text.append("#line 1 \"").append(HostCompiler.SOURCE).append("\"\n").append(source.header());
        text.append("\n#line 1 \"wrapper\"\nvoid tinyllm_kernel(\n");
        for (KernelSignature.Parameter p : signature.inputs()) {
            text.append("    const %s %s%s %s,\n"
                    .formatted(p.isConstant() ? "constant" : "device", p.type(), p.isScalar() ? "&" : "*", p.name()));
            text.append(p.shaped() ? "    const constant int* %s_shape,\n".formatted(p.name()) : "");
            text.append(p.strided() ? "    const constant int64_t* %s_strides,\n".formatted(p.name()) : "");
            text.append(p.ranked() ? "    const constant int& %s_ndim,\n".formatted(p.name()) : "");
        }
        for (KernelSignature.Parameter p : signature.outputs()) {
            text.append("    device %s* %s,\n".formatted(p.type(), p.name()));
        }
        signature.attributes().forEach(a -> text.append("    %s %s,\n".formatted(a.type(), a.word())));
        text.append("    int tinyllm_last) {\n");
        HostText.template(text, signature);
        text.append("  {\n#line ")
                .append(source.bodyLine())
                .append(" \"")
                .append(HostCompiler.SOURCE)
                .append("\"\n");
        text.append(ThreadgroupVariables.asMacros(source)).append("\n#line 1 \"the end of the kernel\"\n  }\n}\n");
        return text.toString();
    }
}
