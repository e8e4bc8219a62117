package tinyllm.kernel;

import java.util.Map;
import tinyllm.kernel.host.HostCompiler;
import tinyllm.tensor.DType;

/** The C++ that a kernel becomes on the host: MLX's function around the body, with Metal's names from {@code metal_host.h}. */
final class HostText {
    private HostText() {}

    static String of(KernelSource source, KernelSignature signature) {
        StringBuilder text = new StringBuilder("#include \"metal_host.h\"\n");
        line(text, 1, HostCompiler.SOURCE);
        text.append(source.header()).append('\n');
        line(text, 1, "wrapper");
        text.append("void tinyllm_kernel(const tinyllm::Argument* tinyllm_arguments) {\n");
        template(text, signature);
        int index = 0;
        for (KernelSignature.Parameter input : signature.inputs()) {
            parameter(text, input, index++, "const ");
        }
        for (KernelSignature.Parameter output : signature.outputs()) {
            parameter(text, output, index++, "");
        }
        signature.attributes().forEach(a -> attribute(text, a));
        text.append("  {\n");
        line(text, source.bodyLine(), HostCompiler.SOURCE);
        text.append(ThreadgroupVariables.asMacros(source)).append('\n');
        line(text, 1, "the end of the kernel");
        return text.append("  }\n}\n").toString();
    }

    private static void line(StringBuilder text, int line, String file) {
        text.append("#line ").append(line).append(" \"").append(file).append("\"\n");
    }

    static void template(StringBuilder text, KernelSignature signature) {
        for (Map.Entry<String, Object> argument : signature.template().entrySet()) {
            String name = argument.getKey();
            switch (argument.getValue()) {
                case DType type -> text.append("  using %s = %s;\n".formatted(name, KernelSignature.typeName(type)));
                case Boolean flag -> text.append("  constexpr bool %s = %s;\n".formatted(name, flag));
                default -> text.append("  constexpr int %s = %s;\n".formatted(name, argument.getValue()));
            }
        }
    }

    private static void parameter(StringBuilder text, KernelSignature.Parameter p, int index, String constant) {
        String from = "tinyllm_arguments[" + index + "]";
        String type = constant + p.type();
        if (p.isScalar()) {
            text.append("  %s& %s = *static_cast<%s*>(%s.data);\n".formatted(type, p.name(), type, from));
        } else {
            text.append("  %s* const %s = static_cast<%s*>(%s.data);\n".formatted(type, p.name(), type, from));
        }
        if (p.shaped()) {
            text.append("  const int* const %s_shape = %s.shape;\n".formatted(p.name(), from));
        }
        if (p.strided()) {
            text.append("  const int64_t* const %s_strides = %s.strides;\n".formatted(p.name(), from));
        }
        if (p.ranked()) {
            text.append("  const int %s_ndim = %s.rank;\n".formatted(p.name(), from));
        }
    }

    private static void attribute(StringBuilder text, KernelSignature.Attribute a) {
        String value = switch (a) {
            case THREAD_POSITION_IN_GRID -> "tinyllm::triple(tinyllm::self->grid)";
            case THREAD_POSITION_IN_THREADGROUP -> "tinyllm::triple(tinyllm::self->local)";
            case THREAD_INDEX_IN_THREADGROUP -> "tinyllm::self->index";
            case THREAD_INDEX_IN_SIMDGROUP -> "tinyllm::self->lane";
            case SIMDGROUP_INDEX_IN_THREADGROUP -> "tinyllm::self->simdgroup";
            case THREAD_INDEX_IN_QUADGROUP -> "tinyllm::self->lane % 4";
            case QUADGROUP_INDEX_IN_THREADGROUP -> "tinyllm::self->index / 4";
            case QUADGROUPS_PER_THREADGROUP, DISPATCH_QUADGROUPS_PER_THREADGROUP ->
                "(tinyllm::launch.group[0] * tinyllm::launch.group[1] * tinyllm::launch.group[2] + 3) / 4";
            case GRID_ORIGIN -> "uint3(0u)";
            case SIMDGROUPS_PER_THREADGROUP, DISPATCH_SIMDGROUPS_PER_THREADGROUP -> "tinyllm::launch.simdgroups";
            case THREADGROUP_POSITION_IN_GRID -> "tinyllm::triple(tinyllm::launch.position)";
            case THREADGROUPS_PER_GRID -> "tinyllm::triple(tinyllm::launch.groups)";
            case THREADS_PER_GRID, GRID_SIZE -> "tinyllm::triple(tinyllm::launch.threads)";
            case THREADS_PER_THREADGROUP, DISPATCH_THREADS_PER_THREADGROUP -> "tinyllm::triple(tinyllm::launch.group)";
            case THREADS_PER_SIMDGROUP, THREAD_EXECUTION_WIDTH -> "32";
        };
        text.append("  const %s %s = %s;\n".formatted(a.type(), a.word(), value));
    }
}
