package tinyllm.kernel;

import java.util.ArrayList;
import java.util.List;
import tinyllm.kernel.host.CompileException;
import tinyllm.kernel.host.HostBuffer;
import tinyllm.kernel.host.HostCompiler;
import tinyllm.kernel.host.HostOptions;
import tinyllm.kernel.host.HostResult;
import tinyllm.kernel.host.HostRun;
import tinyllm.tensor.Tensor;

/**
 * A plain C++ function in the guarded runner: a process of its own, every load and store looked at, a time limit. For the last
 * exercises of chapters 2.2 and 2.4.
 *
 * <p>The function gets a pointer to each input, then one to each output, then the sizes as {@code int}:
 *
 * <pre>{@code
 * var kernel = CppKernel.of("""
 *         void twice(const float* x, float* out, int n) {
 *           for (int i = 0; i < n; ++i) out[i] = 2 * x[i];
 *         }
 *         """, "twice");
 * Tensor y = kernel.run(List.of(new Launch.Output(DType.F32, new int[] {8})), new int[] {8}, x).getFirst();
 * double nanos = kernel.time(outputs, sizes, 20, x);
 * }</pre>
 */
public final class CppKernel {
    private final String source;
    private final String function;

    private CppKernel(String source, String function) {
        this.source = source;
        this.function = function;
    }

    /** A text with standard includes of its own, and the name of the function to call. */
    public static CppKernel of(String source, String function) {
        if (!function.matches("[A-Za-z_]\\w*")) {
            throw new KernelException("'" + function + "' is no name of a function");
        }
        return new CppKernel(source, function);
    }

    /**
     * Runs once with every detector.
     *
     * @throws CompileException with the lines of the source
     * @throws KernelException if the run found something wrong
     */
    public List<Tensor> run(List<Launch.Output> outputs, int[] sizes, Tensor... inputs) {
        KernelRun run = inspect(HostOptions.DEFAULT, outputs, sizes, inputs);
        if (!run.report().clean()) {
            throw new KernelException(
                    function + " does what no kernel may:\n" + run.report().sentences());
        }
        return run.outputs();
    }

    /** Runs once with every detector; what they find is in the report. */
    public KernelRun inspect(HostOptions options, List<Launch.Output> outputs, int[] sizes, Tensor... inputs) {
        return execute(options.repeats(0), true, outputs, sizes, inputs);
    }

    /**
     * The median time of a call in nanoseconds, compiled for this machine at full speed, after one call that warms up. Still in a
     * process of its own: a crash is a sentence.
     */
    public double time(List<Launch.Output> outputs, int[] sizes, int repeats, Tensor... inputs) {
        KernelRun run = execute(HostOptions.DEFAULT.seconds(60).repeats(repeats), false, outputs, sizes, inputs);
        if (!run.report().clean()) {
            throw new KernelException(
                    function + " did not run to its end:\n" + run.report().sentences());
        }
        return run.report().nanos();
    }

    private KernelRun execute(
            HostOptions options, boolean checked, List<Launch.Output> outputs, int[] sizes, Tensor[] inputs) {
        List<HostBuffer> buffers = new ArrayList<>();
        for (int i = 0; i < inputs.length; i++) {
            buffers.add(
                    HostBuffer.input("input_" + i, inputs[i].dtype(), inputs[i].shape(), TensorBytes.of(inputs[i])));
        }
        for (int i = 0; i < outputs.size(); i++) {
            Launch.Output output = outputs.get(i);
            buffers.add(HostBuffer.output("output_" + i, output.dtype(), output.shape(), null));
        }
        // Sizes travel as data, so that another size needs no new compilation.
        int[] values = sizes.length == 0 ? new int[] {0} : sizes;
        Tensor asTensor = Tensor.of(values);
        buffers.add(HostBuffer.input("sizes", asTensor.dtype(), asTensor.shape(), TensorBytes.of(asTensor)));
        HostCompiler.Program program =
                HostCompiler.compile(function, text(buffers, outputs.size(), sizes.length), checked);
        int[] one = {1, 1, 1};
        HostResult result = HostRun.run(program, one, one, buffers, true, options);
        List<Tensor> tensors = new ArrayList<>();
        for (int i = 0; i < result.outputs().size(); i++) {
            tensors.add(TensorBytes.tensor(
                    result.outputs().get(i),
                    outputs.get(i).dtype(),
                    outputs.get(i).shape()));
        }
        return new KernelRun(tensors, result.report());
    }

    private String text(List<HostBuffer> buffers, int outputs, int sizes) {
        StringBuilder text = new StringBuilder(
                "#include <algorithm>\n#include <cmath>\n#include <cstdint>\n#include <cstring>\n"
                        + "#include <vector>\n#if defined(__x86_64__)\n#include <immintrin.h>\n#elif defined(__aarch64__)\n#include <arm_neon.h>\n#endif\n"
                        + "#include \"runtime.h\"\n#define METAL_FUNC inline\n#include \"small_floats.h\"\n"
                        + "using bfloat16_t = bfloat;\nusing std::int8_t, std::uint8_t, std::int16_t, std::uint16_t, std::int32_t, std::uint32_t, std::int64_t;\n");
        text.append("#line 1 \"").append(HostCompiler.SOURCE).append("\"\n").append(source);
        text.append("\n#line 1 \"the call of ").append(function).append("\"\n");
        text.append("void tinyllm_kernel(const tinyllm::Argument* arguments) {\n");
        int last = buffers.size() - 1;
        List<String> given = new ArrayList<>();
        for (int i = 0; i < last; i++) {
            String constant = i < last - outputs ? "const " : "";
            given.add("static_cast<%s%s*>(arguments[%d].data)"
                    .formatted(constant, KernelSignature.typeName(buffers.get(i).dtype()), i));
        }
        for (int i = 0; i < sizes; i++) {
            given.add("static_cast<const int*>(arguments[" + last + "].data)[" + i + "]");
        }
        return text + "  " + function + "(" + String.join(", ", given) + ");\n}\n";
    }
}
