package tinyllm.lab.exercises.metal;

import tinyllm.kernel.KernelText;
import tinyllm.kernel.Launch;
import tinyllm.kernel.MetalKernel;
import tinyllm.kernel.MlxKernels;
import tinyllm.kernel.SmallKernels;
import tinyllm.lab.challenge.Challenge;
import tinyllm.lab.challenge.Launcher;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** The challenge of chapter 4.5: residual and RMSNorm. */
public final class SmallKernelChallenge {

    private static final int ROWS = 32;
    private static final int N = 512;
    private static final float EPS = 1e-6f;

    /** @param x and residual {@code [32, 512]}, weight {@code [512]} */
    public record Inputs(Tensor x, Tensor residual, Tensor weight) {}

    private static final String ONE_THREAD_A_ROW = """
            uint row = thread_position_in_grid.x, n = uint(x_shape[1]);
            if (row < uint(x_shape[0])) {
              float squares = 0;
              for (uint i = 0; i < n; ++i) {
                float v = x[row * n + i] + residual[row * n + i];
                sum[row * n + i] = v;
                squares += v * v;
              }
              float scale = rsqrt(squares / float(n) + eps);
              for (uint i = 0; i < n; ++i) {
                out[row * n + i] = sum[row * n + i] * scale * weight[i];
              }
            }
            """;

    public static final Challenge<KernelText, Inputs> NORM = Challenge.counted(
                    "4.5 rmsnorm",
                    KernelText.class,
                    seed -> new Inputs(
                            Tensor.normal(seed, ROWS, N), Tensor.normal(seed + 1, ROWS, N), Tensor.normal(seed + 2, N)))
            .title("residual and RMSNorm in one launch")
            .size(() -> "x [32, 512]")
            .truth(
                    in -> {
                        Tensor sum = in.x().add(in.residual());
                        Tensor mean = sum.mul(sum).sumKeep(-1).div(N);
                        return sum.div(mean.add(EPS).sqrt()).mul(in.weight());
                    },
                    1e-4,
                    1e-5)
            .bytes(in -> 4 * (4 * in.x().size() + N))
            .naive((gpu, in) -> run(gpu, ONE_THREAD_A_ROW, ROWS, 32, in))
            .yours((answer, gpu, in) -> run(gpu, answer.text(), 128 * ROWS, 128, in))
            .way(
                    "ours",
                    (gpu, in) -> gpu.run(SmallKernels.rmsNormResidual(in.x(), in.residual(), in.weight(), EPS))
                            .get(1))
            .onGpu(
                    "MLX",
                    in -> () -> MlxKernels.rmsNorm(in.x().add(in.residual()), in.weight(), EPS),
                    "MLX's kernel is compiled for a GPU; on the host there is nothing to count.")
            .build();

    private SmallKernelChallenge() {}

    private static Tensor run(Launcher gpu, String text, int threads, int group, Inputs in) {
        return gpu.run(
                        MetalKernel.of(text)
                                .inputs("x", "residual", "weight", "eps")
                                .outputs("sum", "out"),
                        Launch.grid(threads)
                                .group(group)
                                .output(DType.F32, ROWS, N)
                                .output(DType.F32, ROWS, N),
                        in.x(),
                        in.residual(),
                        in.weight(),
                        Tensor.scalar(EPS))
                .get(1);
    }
}
