package tinyllm.lab.exercises.quantized.gpu;

import tinyllm.kernel.KernelText;
import tinyllm.kernel.MlxKernels;
import tinyllm.kernel.QuantizedKernels;
import tinyllm.lab.challenge.Challenge;

/** The challenges of chapters 2.3a and 2.3b. */
public final class QuantizedChallenges {

    private static final int K = 512;
    private static final int N = 64;
    private static final int ROWS = 64;

    public static final Challenge<KernelText, QuantizedInputs> MATVEC = Challenge.counted(
                    "2.3a matvec", KernelText.class, seed -> QuantizedInputs.draw(seed, 1, K, N))
            .title("one row times 4-bit weights")
            .size(() -> "x [1, 512], w [64, 512], 4 bits, groups of 64")
            .truth(QuantizedInputs::product, 1e-3, 1e-3)
            .bytes(QuantizedInputs::fewestBytes)
            .naive((gpu, in) -> gpu.run(
                            MatvecKernels.named(MatvecKernels.NAIVE_TEXT),
                            MatvecKernels.oneThreadEach(N),
                            MatvecKernels.arguments(in))
                    .getFirst()
                    .reshape(1, N))
            .yours((answer, gpu, in) -> gpu.run(
                            MatvecKernels.named(answer.text()),
                            MatvecKernels.simdGroups(N),
                            MatvecKernels.arguments(in))
                    .getFirst()
                    .reshape(1, N))
            .way(
                    "ours",
                    (gpu, in) -> gpu.run(QuantizedKernels.matvec(in.x(), in.weights()))
                            .getFirst())
            .onGpu(
                    "MLX",
                    in -> () -> MlxKernels.quantizedMatmul(in.x(), in.forMlx()),
                    "MLX's kernel is compiled for a GPU; on the host there is nothing to count.")
            .build();

    public static final Challenge<KernelText, QuantizedInputs> MATMUL = Challenge.counted(
                    "2.3b matrices", KernelText.class, seed -> QuantizedInputs.draw(seed, ROWS, K, N))
            .title("64 rows times 4-bit weights")
            .size(() -> "x [64, 512], w [64, 512], 4 bits, groups of 64")
            .truth(QuantizedInputs::product, 1e-3, 1e-3)
            .bytes(QuantizedInputs::fewestBytes)
            .naive((gpu, in) -> gpu.run(
                            MatmulKernels.named(MatmulTexts.NAIVE),
                            MatmulKernels.oneThreadEach(ROWS, N),
                            MatmulKernels.arguments(in))
                    .getFirst())
            .yours((answer, gpu, in) -> gpu.run(
                            MatmulKernels.named(answer.text()),
                            MatmulKernels.matrices(ROWS, N),
                            MatmulKernels.arguments(in))
                    .getFirst())
            .way(
                    "ours",
                    (gpu, in) ->
                            gpu.run(QuantizedKernels.tile(in.x(), in.weights())).getFirst())
            .onGpu(
                    "MLX",
                    in -> () -> MlxKernels.quantizedMatmul(in.x(), in.forMlx()),
                    "MLX's kernel is compiled for a GPU; on the host there is nothing to count.")
            .build();

    private QuantizedChallenges() {}
}
