package tinyllm.kernel;

import java.util.List;
import tinyllm.kernel.check.Problem;
import tinyllm.kernel.host.HostOptions;
import tinyllm.tensor.Tensor;

/** A kernel with all that one run of it needs; nothing has run yet. */
public record KernelCall(MetalKernel kernel, Launch launch, List<Tensor> inputs) {
    public KernelCall {
        inputs = List.copyOf(inputs);
    }

    static KernelCall of(MetalKernel kernel, Launch launch, Tensor... inputs) {
        return new KernelCall(kernel, launch, List.of(inputs));
    }

    /** On this process's device, as {@link MetalKernel#run} does. */
    public List<Tensor> run() {
        return kernel.run(launch, array());
    }

    /** On the host with every detector. */
    public KernelRun inspect() {
        return kernel.inspect(launch, array());
    }

    /** What Apple's compiler would refuse. */
    public List<Problem> check() {
        return kernel.check(launch, array());
    }

    public KernelCall options(HostOptions options) {
        return new KernelCall(kernel, launch.options(options), inputs);
    }

    private Tensor[] array() {
        return inputs.toArray(new Tensor[0]);
    }
}
