package tinyllm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import tinyllm.tensor.DType;
import tinyllm.tensor.Device;
import tinyllm.tensor.Tensor;

/** How a kernel of metal/ is held against the oracle: on the host with every detector, and on a GPU beside it where there is one. */
final class MetalTables {
    private MetalTables() {}

    static Tensor silent(KernelCall call) {
        return silentAll(call).getLast();
    }

    static List<Tensor> silentAll(KernelCall call) {
        KernelRun run = call.inspect();
        assertThat(run.report().findings()).isEmpty();
        assertThat(run.report().counts().uncounted()).isZero();
        List<Tensor> onHost = run.outputs();
        double slack = 10 * tolerance(onHost.getLast().dtype()); // sines and powers differ by some bits
        CudaExport.write(call, onHost, slack);
        if (Device.current() == Device.CPU) {
            return onHost;
        }
        List<Tensor> onGpu = call.run(); // the same table there; metal/cuda/check.sh
        for (int i = 0; i < onHost.size(); i++) {
            equal(onGpu.get(i), onHost.get(i).toDoubles(), slack);
        }
        return onGpu;
    }

    /** Relative to the largest finite value of the truth; what is not finite there has to be so here. */
    static void equal(Tensor actual, double[] truth, double tolerance) {
        double[] values = actual.toDoubles();
        assertThat(values).hasSameSizeAs(truth);
        double largest = 1e-3;
        for (double t : truth) {
            largest = Double.isFinite(t) ? Math.max(largest, Math.abs(t)) : largest;
        }
        for (int i = 0; i < truth.length; i++) {
            boolean same = Double.isFinite(truth[i])
                    ? Math.abs(values[i] - truth[i]) <= tolerance * largest
                    : Double.compare(values[i], truth[i]) == 0;
            if (!same) {
                assertThat(values[i]).as("element %d", i).isEqualTo(Double.valueOf(truth[i]));
            }
        }
    }

    static double tolerance(DType dtype) {
        return switch (dtype) {
            case F32 -> 2e-6;
            case F16 -> 2e-3;
            default -> 1.2e-2;
        };
    }
}
