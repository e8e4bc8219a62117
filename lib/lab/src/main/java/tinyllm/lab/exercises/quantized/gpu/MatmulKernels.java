package tinyllm.lab.exercises.quantized.gpu;

import tinyllm.kernel.KernelText;
import tinyllm.kernel.Launch;
import tinyllm.kernel.MetalKernel;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.KernelCheck;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** How the kernels of chapter 2.3b are named and started; x is {@code [M, K]}, w stands for {@code [N, K]}. */
public final class MatmulKernels {

    private static final String[] INPUTS = {"x", "w", "scales", "biases"};

    /** A grid for M and N. */
    @FunctionalInterface
    public interface Form {
        Launch launch(int m, int n);
    }

    private MatmulKernels() {}

    /** One thread for each result; also where no exercise asks for it. */
    public static String naive() {
        return MatmulTexts.NAIVE;
    }

    /** With the names that the exercises use. */
    public static MetalKernel named(String text) {
        return MetalKernel.of(text).inputs(INPUTS).outputs("y");
    }

    /** The same for split-K. */
    public static MetalKernel split(String text) {
        return MetalKernel.of(text).inputs(INPUTS).outputs("partial");
    }

    /** The arguments of a call, in the kernels' order. */
    public static Tensor[] arguments(QuantizedInputs in) {
        return new Tensor[] {in.x(), in.words(), in.scales(), in.biases()};
    }

    /** 32 × 4 threads, a result each. */
    public static Launch oneThreadEach(int m, int n) {
        return Launch.grid(KernelCheck.up(n, 32), KernelCheck.up(m, 4))
                .group(32, 4)
                .output(DType.F32, m, n);
    }

    /** 16 × 16 threads for 16 × 16 results. */
    public static Launch squares(int m, int n) {
        return Launch.grid(KernelCheck.up(n, 16), KernelCheck.up(m, 16))
                .group(16, 16)
                .output(DType.F32, m, n);
    }

    /** 16 × 16 threads for 32 × 32 results. */
    public static Launch registers(int m, int n) {
        return Launch.grid(KernelCheck.up(n, 32) / 2, KernelCheck.up(m, 32) / 2)
                .group(16, 16)
                .output(DType.F32, m, n);
    }

    /** 128 threads, which are four SIMD groups, for 32 × 32 results. */
    public static Launch matrices(int m, int n) {
        return Launch.grid(KernelCheck.up(n, 32) * 4, KernelCheck.up(m, 32) / 32)
                .group(128, 1)
                .output(DType.F32, m, n);
    }

    /** 16 × 16 threads for 16 × 16 results and one part of K. */
    public static Launch parts(int m, int n, int parts) {
        return Launch.grid(KernelCheck.up(n, 16), KernelCheck.up(m, 16), parts)
                .group(16, 16, 1)
                .output(DType.F32, parts, m, n);
    }

    /** A case of an exercise whose kernel gives y. */
    static Case<KernelText> situation(Form form, String name, int m, int k, int n) {
        return Case.<KernelText, QuantizedInputs>of(
                        name,
                        seed -> QuantizedInputs.draw(seed, m, k, n),
                        (answer, in) -> KernelCheck.metal(
                                        answer,
                                        kernel -> kernel.inputs(INPUTS).outputs("y"),
                                        form.launch(m, n),
                                        arguments(in))
                                .getFirst(),
                        QuantizedInputs::product)
                .within(1e-3, 1e-3);
    }

    /** A case of split-K: the sums of the parts, apart. */
    static Case<KernelText> situation(String name, int m, int k, int n, int parts) {
        return Case.<KernelText, QuantizedInputs>of(
                        name,
                        seed -> QuantizedInputs.draw(seed, m, k, n),
                        (answer, in) -> KernelCheck.metal(
                                        answer,
                                        kernel -> kernel.inputs(INPUTS).outputs("partial"),
                                        parts(m, n, parts),
                                        arguments(in))
                                .getFirst(),
                        in -> partials(in, parts))
                .within(1e-3, 1e-3);
    }

    /** {@code [parts, M, N]}: part p has the columns from p · share on, where share is K / parts, rounded up to 16. */
    static Tensor partials(QuantizedInputs in, int parts) {
        int m = in.x().dim(0);
        int k = in.x().dim(1);
        int n = in.outputs();
        int share = KernelCheck.up(Math.ceilDiv(k, parts), 16);
        float[] x = in.x().toFloats();
        float[] w = in.dense().toFloats();
        float[] sums = new float[parts * m * n];
        for (int i = 0; i < sums.length; i++) {
            int part = i / (m * n);
            int row = i / n % m * k;
            int column = i % n * k;
            double sum = 0;
            for (int at = part * share; at < Math.min((part + 1) * share, k); at++) {
                sum += (double) x[row + at] * w[column + at];
            }
            sums[i] = (float) sum;
        }
        return Tensor.of(sums, parts, m, n);
    }
}
