package tinyllm.lab.challenge;

import java.util.ArrayList;
import java.util.List;
import tinyllm.kernel.KernelCall;
import tinyllm.kernel.KernelException;
import tinyllm.kernel.KernelRun;
import tinyllm.kernel.Launch;
import tinyllm.kernel.MetalKernel;
import tinyllm.kernel.host.HostReport;
import tinyllm.tensor.Tensor;

/** Launches the kernels of one way: on this machine's GPU, or on the host, where every launch is counted. */
public final class Launcher {

    private final boolean gpu;
    private final List<HostReport> reports = new ArrayList<>();

    Launcher(boolean gpu) {
        this.gpu = gpu;
    }

    /** The kernel's outputs; a finding of the host run throws. */
    public List<Tensor> run(MetalKernel kernel, Launch launch, Tensor... inputs) {
        if (gpu) {
            return kernel.run(launch, inputs);
        }
        return kept(kernel.inspect(launch, inputs));
    }

    /** The same for a call of the library's. */
    public List<Tensor> run(KernelCall call) {
        return gpu ? call.run() : kept(call.inspect());
    }

    private List<Tensor> kept(KernelRun run) {
        if (!run.report().clean()) {
            throw new KernelException(run.report().sentences());
        }
        reports.add(run.report());
        return run.outputs();
    }

    /** Sums over all launches so far. */
    Counts counts() {
        Counts sum = new Counts(0, 0, 0, 0, 0);
        for (HostReport report : reports) {
            sum = sum.plus(Counts.of(report));
        }
        return sum;
    }

    /**
     * What a way did.
     *
     * @param transactions segments of 128 bytes of device memory that SIMD groups asked for, each counted once a request
     * @param deviceBytes bytes that device memory moves, 32 for each sector touched
     * @param threadgroupBytes the most threadgroup memory that a group of any launch holds
     * @param barriers threadgroup barriers, once for each group that passes
     */
    public record Counts(int launches, long transactions, long deviceBytes, long threadgroupBytes, long barriers) {

        static Counts of(HostReport report) {
            return new Counts(
                    1,
                    report.transactions(),
                    report.deviceBytes(),
                    report.counts().threadgroupBytes(),
                    report.counts().barriers());
        }

        Counts plus(Counts other) {
            return new Counts(
                    launches + other.launches,
                    transactions + other.transactions,
                    deviceBytes + other.deviceBytes,
                    Math.max(threadgroupBytes, other.threadgroupBytes),
                    barriers + other.barriers);
        }
    }
}
