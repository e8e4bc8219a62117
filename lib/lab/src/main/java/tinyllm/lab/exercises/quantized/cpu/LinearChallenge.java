package tinyllm.lab.exercises.quantized.cpu;

import tinyllm.arrays.Int8Blocks;
import tinyllm.arrays.LoopLinear;
import tinyllm.arrays.PackedRows;
import tinyllm.arrays.QuantizedLinearFn;
import tinyllm.kernel.MlxKernels;
import tinyllm.kernel.QuantizedMatmul;
import tinyllm.lab.Lab;
import tinyllm.lab.PackedForms;
import tinyllm.lab.challenge.Challenge;
import tinyllm.lab.challenge.Challenge.CppCall;
import tinyllm.lab.check.Draw;
import tinyllm.tensor.Tensor;

/** Challenge "2.2 matvec": one vector times a matrix of 4 bits, of the shape of Qwen2.5-Coder 0.5B's gate. */
public final class LinearChallenge {

    private static final int COLS = 896;
    private static final int GROUP = 64;

    @SuppressWarnings("ArrayRecordComponent") // nobody compares inputs
    private record Product(float[] x, PackedRows w) {

        static Product draw(long seed) {
            Draw draw = new Draw(seed);
            float[] weights = draw.scaled(.05, rows(), COLS).toFloats();
            return new Product(draw.normal(COLS).toFloats(), PackedRows.of(weights, rows(), COLS, GROUP));
        }

        Tensor row() {
            return Tensor.of(x, 1, COLS).eval();
        }

        /** From dequantized weights. */
        Tensor exact() {
            float[] weights = new float[w.rows() * COLS];
            for (int i = 0; i < weights.length; i++) {
                int code = w.words()[i / 8] >>> 4 * (i % 8) & 15;
                weights[i] = w.scales()[i / GROUP] * code + w.biases()[i / GROUP];
            }
            return row().matmul(Tensor.of(weights, w.rows(), COLS).T()).reshape(w.rows());
        }
    }

    // The absolute tolerance is what int8 activations may cost: four deviations of the sum of 896 roundings
    public static final Challenge<QuantizedLinearFn, Product> MATVEC = Challenge.timed(
                    "2.2 matvec", QuantizedLinearFn.class, Product::draw)
            .title("one vector times weights of 4 bits")
            .size(() -> "x [" + COLS + "], W [" + rows() + ", " + COLS + "], groups of " + GROUP)
            .truth(Product::exact, 1e-3, 5e-2)
            .bytes(in -> in.w().fileBytes())
            .naive(in -> () -> new LoopLinear().apply(in.x(), in.w()))
            .yours((answer, in) -> () -> answer.apply(in.x(), in.w()))
            .cpp(in -> new CppCall(
                    CppLinearExercise.FUNCTION,
                    CppLinearExercise.outputs(in.w()),
                    CppLinearExercise.sizes(in.w()),
                    java.util.List.of(CppLinearExercise.inputs(Int8Blocks.of(in.x()), in.w()))))
            .way("ours", in -> {
                QuantizedMatmul matmul = QuantizedMatmul.of(PackedForms.own(in.w()));
                Tensor row = in.row();
                return () -> matmul.apply(row).reshape(in.w().rows());
            })
            .way("MLX", in -> {
                MlxKernels.Packed mlx = PackedForms.mlx(in.w());
                Tensor row = in.row();
                return () -> MlxKernels.quantizedMatmul(row, mlx).reshape(in.w().rows());
            })
            .build();

    private LinearChallenge() {}

    private static int rows() {
        return Lab.quick() ? 512 : 4864;
    }
}
