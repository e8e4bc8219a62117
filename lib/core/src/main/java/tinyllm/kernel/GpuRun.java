package tinyllm.kernel;

import java.util.ArrayList;
import java.util.List;
import tinyllm.kernel.host.HostCompiler;
import tinyllm.kernel.host.MetalFolder;
import tinyllm.tensor.DType;
import tinyllm.tensor.Device;
import tinyllm.tensor.GpuKernels;
import tinyllm.tensor.Tensor;

/** A kernel through MLX: as it stands on Metal, behind the header with Metal's names on CUDA. */
final class GpuRun {
    private GpuRun() {}

    static List<Tensor> run(KernelSource source, KernelSignature signature, Launch launch, Tensor[] values) {
        boolean cuda = Device.current() == Device.CUDA;
        List<String> names = new ArrayList<>();
        Tensor[] given = values.clone();
        for (int i = 0; i < given.length; i++) {
            KernelSignature.Parameter p = signature.inputs().get(i);
            boolean pointed = cuda && p.isScalar();
            names.add(pointed ? CudaText.pointerName(p.name()) : p.name());
            given[i] = pointed ? given[i].reshape(1) : given[i];
        }
        String header = cuda ? CudaText.header(source) : placed(1, source.header());
        String body = cuda ? CudaText.body(source, signature) : placed(source.bodyLine(), source.body());
        var request = new GpuKernels.Request(
                source.name() + "_" + content(header, body, signature),
                header,
                body,
                names,
                signature.outputs().stream()
                        .map(KernelSignature.Parameter::name)
                        .toList(),
                launch.grid(),
                launch.group(),
                launch.outputs().stream().map(Launch.Output::dtype).toArray(DType[]::new),
                launch.outputs().stream().map(Launch.Output::shape).toArray(int[][]::new),
                launch.template(),
                launch.initial());
        return GpuKernels.run(request, given);
    }

    // MLX keeps compiled CUDA kernels by name and template arguments alone, on disk too: a changed body or dtype needs
    // a new name.
    private static String content(String header, String body, KernelSignature signature) {
        StringBuilder types = new StringBuilder();
        for (KernelSignature.Parameter p : signature.inputs()) {
            types.append(p.type()).append(p.isScalar()).append(p.isConstant());
        }
        signature.outputs().forEach(p -> types.append(p.type()));
        return MetalFolder.digest(header, body, types.toString()).substring(0, 12);
    }

    /** The text, with its own line numbers in the compiler's errors. */
    static String placed(int line, String text) {
        return "\n#line " + line + " \"" + HostCompiler.SOURCE + "\"\n" + text + "\n";
    }
}
