package tinyllm.kernel;

import java.util.ArrayList;
import java.util.List;
import tinyllm.tensor.DType;

/** The program that MLX's {@code cuda_kernel} makes around a call's header and body, for a compiler without MLX. */
final class CudaProgram {
    private CudaProgram() {}

    static String of(KernelCall call) {
        KernelSource source = call.kernel().source();
        KernelSignature signature =
                call.kernel().signature(call.launch(), call.inputs().toArray(new tinyllm.tensor.Tensor[0]));
        List<String> parameters = new ArrayList<>();
        for (KernelSignature.Parameter p : signature.inputs()) {
            String name = p.isScalar() ? CudaText.pointerName(p.name()) : p.name();
            parameters.add("const " + type(p.dtype()) + "* " + name);
            add(parameters, p.shaped(), "Shape", p.name() + "_shape");
            add(parameters, p.strided(), "Strides", p.name() + "_strides");
            add(parameters, p.ranked(), "int", p.name() + "_ndim");
        }
        signature.outputs().forEach(p -> parameters.add(type(p.dtype()) + "* " + p.name()));
        StringBuilder text = new StringBuilder(
                "#include \"mlx/backend/cuda/device/utils.cuh\"\n\n#include <cooperative_groups.h>\n\n");
        text.append(CudaText.header(source)).append("namespace mlx::core::cu {\nnamespace cg = cooperative_groups;\n");
        text.append("extern \"C\" __global__ void custom_kernel(\n    ")
                .append(String.join(",\n    ", parameters))
                .append(") {\n");
        signature.template().forEach((name, value) -> text.append(constant(name, value)));
        return text.append(CudaText.body(source, signature)).append("}\n}\n").toString();
    }

    private static void add(List<String> parameters, boolean used, String type, String name) {
        if (used) {
            parameters.add("const __grid_constant__ " + type + " " + name);
        }
    }

    private static String constant(String name, Object value) {
        return value instanceof DType dtype
                ? "  using %s = %s;\n".formatted(name, type(dtype))
                : "  constexpr %s %s = %s;\n".formatted(value instanceof Boolean ? "bool" : "int", name, value);
    }

    private static String type(DType dtype) {
        return switch (dtype) {
            case F16 -> "__half";
            case BF16 -> "__nv_bfloat16";
            default -> KernelSignature.typeName(dtype);
        };
    }
}
