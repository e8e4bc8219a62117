package tinyllm.kernel;

import org.bytedeco.mlx.ArrayOptional;
import org.bytedeco.mlx.FloatOptional;
import org.bytedeco.mlx.IntOptional;
import org.bytedeco.mlx.global.mlx;
import org.jspecify.annotations.Nullable;
import tinyllm.tensor.DeviceThread;
import tinyllm.tensor.Tensor;

/** MLX's own fused operations: the set {@code mlx}, and what ours are compared with. */
public final class MlxKernels {

    private MlxKernels() {}

    /**
     * A matrix in MLX's packing.
     *
     * @param words {@code [rows, cols · bits / 32]} U32
     * @param scales {@code [rows, cols / groupSize]}
     * @param biases {@code [rows, cols / groupSize]}
     */
    public record Packed(Tensor words, Tensor scales, Tensor biases, int bits, int groupSize) {

        // MLX does not compare these shapes, and reads past the end
        public Packed {
            boolean form = (bits == 2 || bits == 3 || bits == 4 || bits == 5 || bits == 6 || bits == 8)
                    && (groupSize == 32 || groupSize == 64 || groupSize == 128);
            if (!form
                    || words.rank() != 2
                    || scales.rank() != 2
                    || !java.util.Arrays.equals(scales.shape(), biases.shape())
                    || scales.dim(0) != words.dim(0)
                    || (long) scales.dim(1) * groupSize * bits != words.dim(1) * 32L) {
                throw new IllegalArgumentException("quantized matrix: words " + java.util.Arrays.toString(words.shape())
                        + ", scales " + java.util.Arrays.toString(scales.shape()) + " and biases "
                        + java.util.Arrays.toString(biases.shape()) + " do not fit " + bits + " bits in groups of "
                        + groupSize);
            }
        }

        public long nbytes() {
            return words.nbytes() + scales.nbytes() + biases.nbytes();
        }

        int cols() {
            return scales.dim(1) * groupSize;
        }
    }

    /** {@code x · wᵀ}; x {@code [..., cols]}. */
    public static Tensor quantizedMatmul(Tensor x, Packed w) {
        if (x.rank() < 1 || x.dim(-1) != w.cols()) {
            throw new IllegalArgumentException("quantizedMatmul: x of shape " + java.util.Arrays.toString(x.shape())
                    + " does not fit a matrix of " + w.cols() + " columns");
        }
        return DeviceThread.apply(
                "quantizedMatmul",
                (call, in) -> mlx.quantized_matmul(
                        in[0],
                        in[1],
                        in[2],
                        call.temp(new ArrayOptional(in[3])),
                        true,
                        call.temp(new IntOptional(w.groupSize())),
                        call.temp(new IntOptional(w.bits())),
                        "affine",
                        call.stream()),
                x,
                w.words(),
                w.scales(),
                w.biases());
    }

    /** The whole matrix in the dtype of its scales. */
    public static Tensor dequantize(Packed w) {
        return DeviceThread.apply(
                "dequantize",
                (call, in) -> mlx.dequantize(
                        in[0],
                        in[1],
                        call.temp(new ArrayOptional(in[2])),
                        call.temp(new IntOptional(w.groupSize())),
                        call.temp(new IntOptional(w.bits())),
                        "affine",
                        null,
                        null,
                        call.stream()),
                w.words(),
                w.scales(),
                w.biases());
    }

    public static Tensor rmsNorm(Tensor x, Tensor weight, double eps) {
        return DeviceThread.apply(
                "rmsNorm",
                (call, in) -> mlx.rms_norm(in[0], call.temp(new ArrayOptional(in[1])), (float) eps, call.stream()),
                x,
                weight);
    }

    /** x {@code [B, H, L, D]}, whole heads. */
    public static Tensor rope(Tensor x, int offset, double theta, boolean neighbours) {
        return DeviceThread.apply(
                "rope",
                (call, in) -> mlx.rope(
                        in[0],
                        x.dim(-1),
                        neighbours,
                        call.temp(new FloatOptional((float) theta)),
                        1f,
                        offset,
                        null,
                        call.stream()),
                x);
    }

    /** @param mask broadcastable to {@code [B, H_q, L, S]}, added; null for none */
    public static Tensor attend(Tensor q, Tensor k, Tensor v, @Nullable Tensor mask, double scale) {
        Tensor[] inputs = mask == null ? new Tensor[] {q, k, v} : new Tensor[] {q, k, v, mask};
        return DeviceThread.apply(
                "attention",
                (call, in) -> {
                    ArrayOptional masks = call.temp(mask == null ? new ArrayOptional() : new ArrayOptional(in[3]));
                    return mlx.scaled_dot_product_attention(
                            in[0],
                            in[1],
                            in[2],
                            (float) scale,
                            mask == null ? "" : "array",
                            masks,
                            null,
                            false,
                            call.stream());
                },
                inputs);
    }
}
