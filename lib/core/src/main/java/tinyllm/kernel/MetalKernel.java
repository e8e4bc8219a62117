package tinyllm.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tinyllm.kernel.check.MetalChecker;
import tinyllm.kernel.check.Problem;
import tinyllm.kernel.host.HostBuffer;
import tinyllm.kernel.host.HostCompiler;
import tinyllm.kernel.host.HostOptions;
import tinyllm.kernel.host.HostResult;
import tinyllm.kernel.host.HostRun;
import tinyllm.kernel.host.MetalFolder;
import tinyllm.tensor.Device;
import tinyllm.tensor.Tensor;

/**
 * A kernel in Metal: a body, as MLX's {@code metal_kernel} takes it, with names for what goes in and comes out. The same source runs
 * on Apple's GPUs, on NVIDIA's through a header, and on the host, where a detector looks at every access.
 *
 * <pre>{@code
 * var axpy = MetalKernel.of("uint i = thread_position_in_grid.x; out[i] = a * x[i] + y[i];")
 *         .inputs("a", "x", "y").outputs("out");
 * var launch = Launch.grid(1024).group(256).output(DType.F32, 1024);
 * Tensor sum = axpy.run(launch, a, x, y).getFirst();
 * HostReport report = axpy.inspect(launch, a, x, y).report();
 * }</pre>
 */
public final class MetalKernel {
    private final KernelSource source;
    private final List<String> inputs;
    private final List<String> outputs;

    private MetalKernel(KernelSource source, List<String> inputs, List<String> outputs) {
        this.source = source;
        this.inputs = inputs;
        this.outputs = outputs;
    }

    /** The only kernel of a text; a text without {@code // BEGIN KERNEL} is a body. */
    public static MetalKernel of(String text) {
        return new MetalKernel(KernelSource.only(text), List.of(), List.of());
    }

    /** One kernel of a text. */
    public static MetalKernel of(String text, String name) {
        return new MetalKernel(KernelSource.named(text, name), List.of(), List.of());
    }

    /** One of this lab's own: {@code library("axpy.metal", "axpy")}. */
    public static MetalKernel library(String file, String name) {
        return of(MetalFolder.text(file), name);
    }

    /** The names of the inputs, in the order in which a call gives them. */
    public MetalKernel inputs(String... names) {
        return new MetalKernel(source, List.of(names), outputs);
    }

    public MetalKernel outputs(String... names) {
        return new MetalKernel(source, inputs, List.of(names));
    }

    /** The kernel of the same name in another text, with the same inputs and outputs: a learner's version of a library kernel. */
    public MetalKernel withText(String text) {
        return new MetalKernel(KernelSource.named(text, source.name()), inputs, outputs);
    }

    public KernelSource source() {
        return source;
    }

    /**
     * Runs on this process's device: MLX's Metal or CUDA where there is one, else the host. Lazy on a GPU.
     *
     * @throws tinyllm.kernel.host.CompileException with the lines of the source
     * @throws KernelException if the call does not fit the kernel, or the host run found something wrong
     */
    public List<Tensor> run(Launch launch, Tensor... values) {
        if (Device.current() != Device.CPU) {
            return GpuRun.run(source, signature(launch, values), launch, values);
        }
        KernelRun run = inspect(launch, values);
        if (!run.report().clean()) {
            throw new KernelException("The kernel " + source.name() + " does what no kernel may:\n"
                    + run.report().sentences());
        }
        return run.outputs();
    }

    /** Runs on the host, whatever the device is, with every detector; what they find is in the report. */
    public KernelRun inspect(Launch launch, Tensor... values) {
        KernelSignature signature = signature(launch, values);
        HostCompiler.Program program = HostCompiler.compile(source.name(), HostText.of(source, signature), true);
        HostOptions options = launch.options().repeats(0);
        HostResult result =
                HostRun.run(program, launch.grid(), launch.group(), buffers(signature, launch, values), false, options);
        List<Tensor> tensors = new ArrayList<>();
        for (int i = 0; i < result.outputs().size(); i++) {
            Launch.Output output = launch.outputs().get(i);
            tensors.add(TensorBytes.tensor(result.outputs().get(i), output.dtype(), output.shape()));
        }
        return new KernelRun(tensors, result.report());
    }

    /**
     * What Apple's compiler would refuse: forbidden words and names, misspelt attributes, pointers of the wrong address space. A
     * call's tensors are needed for their shapes and dtypes.
     */
    public List<Problem> check(Launch launch, Tensor... values) {
        KernelSignature signature = signature(launch, values);
        Map<String, String> spaces = new HashMap<>();
        signature.inputs().forEach(p -> spaces.put(p.name(), p.isConstant() ? "constant" : "device"));
        signature.outputs().forEach(p -> spaces.put(p.name(), "device"));
        List<Problem> problems =
                new ArrayList<>(MetalChecker.words(source.header(), source.body(), source.bodyLine(), spaces));
        problems.addAll(MetalChecker.types(CheckText.of(source, signature)));
        return List.copyOf(problems);
    }

    /** The C++ text that the host compiles. */
    public String hostText(Launch launch, Tensor... values) {
        return HostText.of(source, signature(launch, values));
    }

    /** The signature of a call; checks the call's numbers first. */
    public KernelSignature signature(Launch launch, Tensor... values) {
        launch.check(source.name());
        if (values.length != inputs.size()) {
            throw new KernelException(
                    source.name() + " takes the inputs " + inputs + ", and " + values.length + " tensors were given");
        }
        if (launch.outputs().size() != outputs.size()) {
            throw new KernelException(source.name() + " has the outputs " + outputs + ", and the launch describes "
                    + launch.outputs().size());
        }
        List<KernelSignature.Parameter> in = new ArrayList<>();
        for (int i = 0; i < values.length; i++) {
            in.add(KernelSignature.input(source, inputs.get(i), values[i].dtype(), values[i].shape()));
        }
        List<KernelSignature.Parameter> out = new ArrayList<>();
        for (int i = 0; i < outputs.size(); i++) {
            Launch.Output output = launch.outputs().get(i);
            out.add(KernelSignature.output(outputs.get(i), output.dtype(), output.shape()));
        }
        return KernelSignature.of(source, in, out, launch.template());
    }

    private static List<HostBuffer> buffers(KernelSignature signature, Launch launch, Tensor[] values) {
        List<HostBuffer> buffers = new ArrayList<>();
        for (int i = 0; i < values.length; i++) {
            KernelSignature.Parameter p = signature.inputs().get(i);
            buffers.add(HostBuffer.input(p.name(), p.dtype(), p.shape(), TensorBytes.of(values[i])));
        }
        Float initial = launch.initial();
        for (KernelSignature.Parameter p : signature.outputs()) {
            byte[] bytes = initial == null ? null : TensorBytes.filled(p.dtype(), p.elements(), initial);
            buffers.add(HostBuffer.output(p.name(), p.dtype(), p.shape(), bytes));
        }
        return buffers;
    }

    @Override
    public String toString() {
        return source.name() + inputs + " -> " + outputs + " "
                + Arrays.toString(source.body().lines().limit(1).toArray());
    }
}
