package tinyllm.kernel;

import java.util.List;
import tinyllm.kernel.host.HostReport;
import tinyllm.tensor.Tensor;

/**
 * What a run on the host gave.
 *
 * @param outputs in order; none if a finding ended the run
 * @param report what the detectors saw and counted
 */
public record KernelRun(List<Tensor> outputs, HostReport report) {
    public KernelRun {
        outputs = List.copyOf(outputs);
    }

    /** The only output. */
    public Tensor output() {
        if (outputs.size() != 1) {
            throw new KernelException(
                    outputs.isEmpty()
                            ? "The run was stopped and has no outputs:\n" + report.sentences()
                            : "The kernel has " + outputs.size() + " outputs: ask for one by its index");
        }
        return outputs.getFirst();
    }
}
